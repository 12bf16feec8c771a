import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '../../limits.ts';
import type { EventSink } from '../../ports/event-sink.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store, WebhookRow } from '../../ports/store.ts';
import type { CommitWait } from '../decisions/commit-watch.ts';
import { sinkName, WebhookSink, type WebhookSinkParts } from './webhook-sink.ts';

/** The part of the relay that runs sinks. */
export interface SinkHost {
  add(sink: EventSink): void;
  remove(name: string): Promise<void>;
}

/** Where webhooks and their commands are read. */
export interface WebhookSource {
  readonly store: Pick<Store, 'listWebhooks' | 'readWebhookProgress'>;
  /** Starts to wait for a change that an administrator makes. */
  waitForChange(waitMs: number, signal: AbortSignal): CommitWait;
}

/** Gives the relay a sink for each enabled endpoint, and the sinks what administrators change or command, by any server. */
export class WebhookSinks {
  readonly #source: WebhookSource;
  readonly #host: SinkHost;
  readonly #parts: WebhookSinkParts;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #sinks = new Map<string, WebhookSink>();
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;

  constructor(source: WebhookSource, host: SinkHost, parts: WebhookSinkParts, log: Pick<Logger, 'warn'>) {
    this.#source = source;
    this.#host = host;
    this.#parts = parts;
    this.#log = log;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    let isLogged = false;
    while (!signal.aborted) {
      const changed = this.#source.waitForChange(LIMITS.webhookPollMs, signal);
      try {
        await this.#look();
        isLogged = false;
      } catch (error) {
        if (!isLogged && !signal.aborted) this.#log.warn({ err: error }, 'the webhooks could not be read');
        isLogged = true;
        await delay(LIMITS.webhookPollMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
      await changed.ended;
    }
  }

  async #look(): Promise<void> {
    const { store } = this.#source;
    const webhooks = await store.listWebhooks();
    const enabled = new Map(webhooks.filter(({ enabled: on }) => on).map((row) => [row.webhookId, row]));
    for (const webhookId of [...this.#sinks.keys()])
      if (!enabled.has(webhookId)) await this.#remove(webhookId);
    for (const webhook of enabled.values()) this.#addOrUpdate(webhook);
    if (this.#sinks.size === 0) return;
    const { commands } = await store.readWebhookProgress();
    for (const command of commands) this.#sinks.get(command.webhookId)?.command(command);
  }

  #addOrUpdate(webhook: WebhookRow): void {
    const known = this.#sinks.get(webhook.webhookId);
    if (known) {
      known.update(webhook);
      return;
    }
    const sink = new WebhookSink(webhook, this.#parts);
    this.#sinks.set(webhook.webhookId, sink);
    this.#host.add(sink);
  }

  async #remove(webhookId: string): Promise<void> {
    this.#sinks.delete(webhookId);
    await this.#host.remove(sinkName(webhookId));
  }
}
