// The real application with its relay on fast times, for endpoints on loopback.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { JournalOutbox } from '../../../src/application/relay/journal-outbox.ts';
import type { Relay } from '../../../src/application/relay/relay.ts';
import {
  createWebhook,
  findWebhook,
  type WebhookWithSecret,
} from '../../../src/application/webhooks/manage-webhooks.ts';
import { decodeProgress, type EndpointProgress } from '../../../src/application/webhooks/webhook-progress.ts';
import { relayOf } from '../../../src/compose/relay.ts';
import { startWebhooks, type WebhookOptions, webhookEnvironment } from '../../../src/compose/webhooks.ts';
import type { Application } from '../../../src/compose.ts';
import type { Config } from '../../../src/config.ts';
import type { Limits } from '../../../src/limits.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { WebhookDeliveryRow, WebhookRow } from '../../../src/ports/store.ts';
import { testApplication } from '../../services/application.ts';

export const FAST: Partial<Limits> = {
  webhookRetryMsMin: 20,
  webhookRetryMsMax: 100,
  webhookSavePeriodMs: 10,
  webhookPollMs: 20,
  webhookGatherMs: 1,
  sinkLookMs: 20,
  webhookTimeMs: 5_000,
  webhookAnswerTimeMs: 200,
  sinkLeasePeriodMs: 50,
  sinkPauseMsMin: 10,
  sinkPauseMsMax: 50,
};

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

export class WebhookFixture {
  readonly application: Application;
  readonly #config: Config;
  #running: { readonly relay: Relay; readonly stop: () => Promise<void> } | undefined;

  private constructor(application: Application, config: Config) {
    this.application = application;
    this.#config = config;
  }

  static async start(
    t: TestContext,
    options: WebhookOptions & { readonly clock?: Clock; readonly flags?: Record<string, string> } = {},
  ): Promise<WebhookFixture> {
    const { clock, flags = {}, ...relay } = options;
    const application = await testApplication(t, {
      flags: { '--webhooks-private-addresses-allowed': '["127.0.0.1"]', ...flags },
      ...(clock ? { clock, maintenance: false } : {}),
    });
    const fixture = new WebhookFixture(application, application.context.settings as unknown as Config);
    fixture.startRelay(relay);
    t.after(() => fixture.stopRelay());
    return fixture;
  }

  startRelay(options: WebhookOptions = {}): void {
    const limits = { ...FAST, ...options.limits };
    const { context, store } = this.application;
    const parts = { store, outbox: new JournalOutbox(store), clock: context.clock, log: SILENT, limits };
    const relay = relayOf(this.#config, parts);
    relay.start();
    const stop = startWebhooks(this.#config, webhookEnvironment(context), relay, SILENT, {
      ...options,
      limits,
    });
    this.#running = { relay, stop };
  }

  async stopRelay(): Promise<void> {
    await this.#running?.stop();
    await this.#running?.relay.stop();
    this.#running = undefined;
  }

  async webhook(url: string, ...types: string[]): Promise<WebhookWithSecret> {
    const made = await createWebhook(this.application.context, { url, types });
    assert.ok(!('refused' in made), JSON.stringify(made));
    return made;
  }

  async found(id: string): Promise<WebhookRow> {
    const found = await findWebhook(this.application.context, id);
    assert.ok(found);
    return found;
  }

  async progress(id: string): Promise<EndpointProgress> {
    const { progress } = await this.application.store.readWebhookProgress();
    return decodeProgress(progress.find(({ webhookId }) => webhookId === id)?.state ?? '');
  }

  /** Oldest first. */
  async deliveries(webhookId: string): Promise<readonly WebhookDeliveryRow[]> {
    const page = { webhookId, below: Number.MAX_SAFE_INTEGER, limit: 1_000 };
    return (await this.application.store.listWebhookDeliveries(page)).toReversed();
  }

  /** Commits entries about the users by turns. */
  async entries(count: number, ...users: string[]): Promise<void> {
    const { store, decider } = this.application.context;
    const found = await Promise.all(users.map((username) => store.findUser(username)));
    const ids = found.map((user) => user?.userId ?? assert.fail('no such user'));
    await Promise.all(
      Array.from({ length: count }, (_, each) =>
        decider.submit({
          userId: ids[each % ids.length] as number,
          decide: (user) => ({
            result: {},
            draft: { type: 'login.refused', reason: 'password_wrong', state: user?.state ?? {} },
          }),
        }),
      ),
    );
  }

  async users(...names: string[]): Promise<void> {
    for (const username of names) {
      const { services } = this.application;
      const made = await services.registerUser({ username, password: 'secreto', address: '127.0.0.1' });
      assert.ok(!('refused' in made), JSON.stringify(made));
    }
  }
}
