import { createHmac } from 'node:crypto';
import { StoreUnavailable, VaultUnavailable } from '../../domain/errors.ts';
import { type AttemptBy, afterWrong, attemptLockedForMs } from '../../domain/failed-attempts.ts';
import { decodeState, EMPTY_STATE, encodeState, type UserState } from '../../domain/user-state.ts';
import { LIMITS } from '../../limits.ts';
import type { Context } from '../context.ts';

/** What was tried at a name that nobody has. */
export interface UnknownName {
  readonly key: string;
  /** As the store has it; undefined: nothing yet. */
  readonly stored: string | undefined;
  readonly state: UserState;
}

/**
 * Counts failed attempts at names that nobody has, with the arithmetic and in the store of those at users, so that every
 * server locks them alike. The store keeps a keyed hash instead of the name, and a bounded number of them: an attacker can
 * invent names without end.
 *
 * Why: docs/DECISIONS.md#unknown-names-are-counted-in-the-store
 */
export class UnknownNames {
  readonly #context: Context;
  #secret: Promise<Uint8Array> | undefined;
  #ownSecret: Uint8Array | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** The key of a name, whether somebody has it or not: a caller asks before it knows, so that both take the same time. */
  async keyOf(username: string): Promise<string> {
    return createHmac('sha256', await this.#secretNow())
      .update(username)
      .digest('hex');
  }

  async find(key: string): Promise<UnknownName> {
    const stored = await this.#context.store.findUnknownName(key);
    return { key, stored, state: stored === undefined ? EMPTY_STATE : decodeState(stored) };
  }

  /** @returns ms until an attempt is evaluated; 0 when it would be evaluated now */
  lockedForMs({ state }: UnknownName, by: AttemptBy): number {
    const { decider, settings } = this.#context;
    return attemptLockedForMs(state, by, decider.now(), settings.lockout);
  }

  /**
   * Counts a wrong attempt at a name that was not locked when it was found. Of parallel callers on any number of servers each is
   * counted, or locked by those before it.
   * @throws StoreUnavailable
   */
  async wrong(
    found: UnknownName,
    by: AttemptBy,
  ): Promise<{ readonly locked: boolean; readonly retryAfterMs: number }> {
    const { store, decider, settings } = this.#context;
    let name = found;
    for (let attempt = 0; attempt < LIMITS.attemptsPerDecisionMax; attempt++) {
      const lockedMs = this.lockedForMs(name, by);
      if (lockedMs > 0) return { locked: true, retryAfterMs: lockedMs };
      const at = decider.now();
      const state = afterWrong(name.state, by, at, settings.lockout);
      const { key, stored: expected } = name;
      const namesMax = LIMITS.unknownNamesMax;
      if (await store.replaceUnknownName({ key, expected, state: encodeState(state), at, namesMax })) {
        return { locked: false, retryAfterMs: attemptLockedForMs(state, by, at, settings.lockout) };
      }
      name = await this.find(key);
    }
    throw new StoreUnavailable('the name is being tried elsewhere without a pause');
  }

  /** Without a vault, names are counted under a secret of this process alone: a log-in needs no vault. */
  async #secretNow(): Promise<Uint8Array> {
    this.#secret ??= this.#context.vault.deriveKey('session', 'unknown names');
    try {
      return await this.#secret;
    } catch (error) {
      this.#secret = undefined;
      if (!(error instanceof VaultUnavailable)) throw error;
      this.#ownSecret ??= this.#context.random.bytes(32);
      return this.#ownSecret;
    }
  }
}
