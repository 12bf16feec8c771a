import { setTimeout as delay } from 'node:timers/promises';
import type { RecordedTransaction } from '../../domain/journal/entry.ts';
import type { Limits } from '../../limits.ts';
import type { Logger } from '../../ports/logger.ts';
import type { PushSubscriptionRow } from '../../ports/push-subscriptions.ts';
import type { Store, TransactionRow, UserId } from '../../ports/store.ts';
import type { WebhookAnswer, WebhookSender } from '../../ports/webhook-sender.ts';
import type { Context } from '../context.ts';
import { encryptPush, readPushKeys } from './encrypt-push.ts';
import { type VapidKeys, vapidAuthorization } from './vapid-keys.ts';

export interface PushNotifierParts {
  readonly context: Pick<Context, 'decider' | 'random'> & {
    readonly store: Pick<Store, 'pushSubscriptions' | 'findTransaction'>;
  };
  readonly sender: WebhookSender;
  readonly keys: VapidKeys;
  readonly contact: string | undefined;
  readonly log: Pick<Logger, 'warn'>;
  readonly limits: Pick<
    Limits,
    'pushQueueMax' | 'pushRequestsMax' | 'pushAttemptsMax' | 'pushRetryMsMin' | 'pushSubscriptionsPerUserMax'
  >;
}

/** The endpoint is gone, or knows the subscription no more (RFC 8030, sections 7.3 and 8.3). */
const GONE: readonly number[] = [404, 410];

/**
 * Tells the browsers of a user that a transaction waits: after its commit, beside all decisions, and best effort. A server
 * that is killed at that moment tells nobody; the token's page shows the transaction all the same.
 *
 * Why: docs/DECISIONS.md#a-pushed-message-says-that-something-waits-and-no-more
 */
export class PushNotifier {
  readonly #parts: PushNotifierParts;
  readonly #waiting: { readonly userId: UserId; readonly transactionId: string }[] = [];
  readonly #stopped = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #end = () => {};
  #isLogged = false;

  constructor(parts: PushNotifierParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#end = this.#parts.context.decider.subscribeCommits((entries) => {
      for (const { type, userId, body } of entries) {
        if (type === 'transaction.requested') this.#add(userId, body);
      }
    });
  }

  /** Gives up what is not sent. */
  async stop(): Promise<void> {
    this.#end();
    this.#waiting.length = 0;
    this.#stopped.abort();
    await Promise.all(this.#running);
  }

  #add(userId: UserId, body: string): void {
    const { pushQueueMax, pushRequestsMax } = this.#parts.limits;
    if (this.#waiting.length >= pushQueueMax) return;
    const { id } = (JSON.parse(body) as { transaction: RecordedTransaction }).transaction;
    this.#waiting.push({ userId, transactionId: id });
    if (this.#running.size >= pushRequestsMax) return;
    const run = this.#work().finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async #work(): Promise<void> {
    // The batch is answered first.
    await new Promise((resolve) => setImmediate(resolve));
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      try {
        await this.#notify(next.userId, next.transactionId);
      } catch (error) {
        this.#warn({ err: error });
      }
    }
  }

  async #notify(userId: UserId, transactionId: string): Promise<void> {
    const { context, limits } = this.#parts;
    const { pushSubscriptions } = context.store;
    const subscriptions = await pushSubscriptions.list(userId, limits.pushSubscriptionsPerUserMax);
    await Promise.all(subscriptions.map((subscription) => this.#send(subscription, transactionId)));
  }

  async #send(subscription: PushSubscriptionRow, transactionId: string): Promise<void> {
    const { context, limits } = this.#parts;
    const { signal } = this.#stopped;
    const { userId, endpoint } = subscription;
    for (let attempt = 1; attempt <= limits.pushAttemptsMax; attempt++) {
      const transaction = await context.store.findTransaction({ userId, transactionId });
      if (transaction?.status !== 'pending' || transaction.expiresAt <= context.decider.now()) return;
      const answer = await this.#sendOnce(subscription, transaction);
      if (!answer || answer.outcome === 'delivered' || signal.aborted) return;
      if (GONE.includes(answer.status)) return context.store.pushSubscriptions.remove(subscription, endpoint);
      if (!mayPass(answer)) {
        this.#warn({ host: new URL(endpoint).host, ...answer });
        return;
      }
      const pause = Math.max(answer.retryAfterMs, limits.pushRetryMsMin * 2 ** (attempt - 1));
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** @returns undefined where the subscription's key is no more: its browser subscribes again when it opens the token */
  async #sendOnce(
    { endpoint, p256dh, auth, keyVersion, language }: PushSubscriptionRow,
    { transactionId, expiresAt }: TransactionRow,
  ): Promise<WebhookAnswer | undefined> {
    const { context, sender, keys, contact } = this.#parts;
    const key = (await keys.list()).find(({ version }) => version === keyVersion);
    const receiver = readPushKeys(p256dh, auth);
    if (!key || !receiver) return undefined;
    const at = context.decider.now();
    // Neither payee nor amount: a locked phone shows it to whoever holds it.
    const text = JSON.stringify({ v: 1, transaction: transactionId, language });
    const body = encryptPush(receiver, Buffer.from(text), context.random);
    const headers = {
      authorization: vapidAuthorization(key, endpoint, contact, at),
      'content-type': 'application/octet-stream',
      'content-encoding': 'aes128gcm',
      ttl: String(Math.max(0, Math.ceil((expiresAt - at) / 1_000))),
      urgency: 'high',
      // A repetition replaces what has not been delivered (RFC 8030, section 5.4).
      topic: transactionId.replaceAll('-', ''),
    };
    return sender.send({ url: endpoint, headers, body }, this.#stopped.signal);
  }

  /** Says trouble once: it concerns every message. */
  #warn(trouble: object): void {
    if (this.#isLogged || this.#stopped.signal.aborted) return;
    this.#isLogged = true;
    this.#parts.log.warn(trouble, 'a push service took no message; further failures are not logged');
  }
}

/** Whether the same request may be taken later. */
function mayPass({ outcome, status }: WebhookAnswer): boolean {
  if (outcome === 'status') return status === 429 || status >= 500;
  return outcome === 'connection_failed' || outcome === 'timeout' || outcome === 'name_unresolved';
}
