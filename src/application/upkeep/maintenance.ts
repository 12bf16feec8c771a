import { setTimeout } from 'node:timers/promises';
import { VaultUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { TransactionRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { type ExpiringKey, expiringKeys } from '../services/expiring-keys.ts';
import { decideTransaction } from '../transactions/decide-transaction.ts';
import { assertRecorded, findEnd } from '../transactions/recorded-transaction.ts';

const PRUNE_PERIOD_MS = 60_000;
const EXPIRY_PERIOD_MS = 1_000;
const SESSION_USES_PERIOD_MS = 1_000;
const KEYS_PERIOD_MS = 10_000;
const EXPIRING_KEYS_PERIOD_MS = 86_400_000;
const ROWS_MAX = 1_000;
const PRUNE_PAUSE_MS = 10;
/** By then every failure has aged, and every lock of the default length has ended. */
const UNKNOWN_NAMES_MS = 2 * 86_400_000;

/**
 * Work that no request causes: expires transactions whose time is over, each second; holds the keys of challenges ahead;
 * deletes expired sessions, idempotency records and messages each minute, a bounded number at a time, until none is left;
 * records uses of services' keys each minute, and of sessions each second. At the start and each minute it claims the skeletons of names that a version
 * before registered.
 */
export class Maintenance {
  readonly #context: Context;
  readonly #onError: (error: unknown) => void;
  readonly #onExpiringKey: (key: ExpiringKey) => void;
  #timers: NodeJS.Timeout[] = [];
  #stopped = false;
  #pruning: Promise<void> | undefined;
  #expiring: Promise<void> | undefined;
  #claiming: Promise<void> | undefined;

  /** @param onExpiringKey called at the start, and each day, with each key of a service that expires soon */
  constructor(
    context: Context,
    onError: (error: unknown) => void,
    onExpiringKey: (key: ExpiringKey) => void = () => undefined,
  ) {
    this.#context = context;
    this.#onError = onError;
    this.#onExpiringKey = onExpiringKey;
  }

  start(): void {
    const every = (ms: number, task: () => Promise<void>) =>
      setInterval(() => void task().catch(this.#onError), ms).unref();
    this.#timers = [
      every(PRUNE_PERIOD_MS, () => this.prune()),
      every(EXPIRY_PERIOD_MS, () => this.expire()),
      every(KEYS_PERIOD_MS, () => this.holdKeys()),
      every(PRUNE_PERIOD_MS, () => this.#context.serviceKeyUses.flush()),
      every(SESSION_USES_PERIOD_MS, () => this.#context.sessionUses.flush()),
      every(PRUNE_PERIOD_MS, () => this.claimNames()),
      every(EXPIRING_KEYS_PERIOD_MS, () => this.tellExpiringKeys()),
    ];
    for (const task of [() => this.claimNames(), () => this.tellExpiringKeys()]) {
      void task().catch((error) => {
        if (!this.#stopped) this.#onError(error);
      });
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  /** Holds the keys of challenges ahead of time, for an outage of the vault that begins while nobody asks for a challenge. */
  async holdKeys(): Promise<void> {
    const { challenges, decider } = this.#context;
    try {
      await challenges.ensureKeys(decider.now());
    } catch (error) {
      if (!(error instanceof VaultUnavailable)) throw error;
    }
  }

  async tellExpiringKeys(): Promise<void> {
    const { store, decider } = this.#context;
    for (const key of expiringKeys(await store.listServices(), decider.now())) this.#onExpiringKey(key);
  }

  prune(): Promise<void> {
    this.#pruning ??= this.#pruneAll().finally(() => {
      this.#pruning = undefined;
    });
    return this.#pruning;
  }

  async #pruneAll(): Promise<void> {
    const { store, decider, settings } = this.#context;
    const now = decider.now();
    const before = {
      idempotencyRecords: now - settings.idempotencyTtlMs,
      sessions: now,
      unknownNames: now - UNKNOWN_NAMES_MS,
      identitySecrets: now - LIMITS.identityOfferedMs,
      limit: ROWS_MAX,
    };
    // Keeps up with what a busy server adds; the pause lets requests go first.
    while (!this.#stopped && (await store.prune(before))) await setTimeout(PRUNE_PAUSE_MS);
    const ended = {
      expired: now,
      staged: now - LIMITS.messageStagedMs,
      limit: LIMITS.messagesExpiredPerTurnMax,
    };
    while (!this.#stopped && (await store.expireMessages(ended))) await setTimeout(PRUNE_PAUSE_MS);
  }

  /** Runs once at a time. */
  claimNames(): Promise<void> {
    this.#claiming ??= this.#claimAll().finally(() => {
      this.#claiming = undefined;
    });
    return this.#claiming;
  }

  async #claimAll(): Promise<void> {
    while (!this.#stopped && (await this.#context.store.claimNames(ROWS_MAX)))
      await setTimeout(PRUNE_PAUSE_MS);
  }

  /** Runs once at a time. The next run expires what this one leaves. */
  expire(): Promise<void> {
    this.#expiring ??= this.#expireDue().finally(() => {
      this.#expiring = undefined;
    });
    return this.#expiring;
  }

  async #expireDue(): Promise<void> {
    const before = this.#context.decider.now();
    const due = await this.#context.store.listExpiredTransactions({
      before,
      limit: LIMITS.expiredPerTurnMax,
    });
    await Promise.all(due.map((row) => this.#expireOne(row)));
  }

  /** A transaction that was decided, and whose row was made pending again, gets no second decision. */
  async #expireOne(row: TransactionRow): Promise<void> {
    const { userId, transactionId } = row;
    const end = await findEnd(this.#context, row);
    const isStill = async () =>
      (await this.#context.store.findTransaction({ userId, transactionId }))?.status === 'pending';
    if (!end) await decideTransaction(this.#context, { decision: 'expire', userId, transactionId });
    else if (await isStill()) await assertRecorded(this.#context, row);
  }
}
