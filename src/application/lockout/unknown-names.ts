import { createHmac } from 'node:crypto';
import { StoreUnavailable, VaultUnavailable } from '../../domain/errors.ts';
import { type AttemptBy, afterWrong, attemptLockedForMs } from '../../domain/failed-attempts.ts';
import { decodeState, EMPTY_STATE, encodeState, type UserState } from '../../domain/user-state.ts';
import { LIMITS } from '../../limits.ts';
import type { Context } from '../context.ts';
import { RenewedKeys } from '../keys/renewed-keys.ts';

/** Under the key in use and the one next to it: a rotation changes no lock. */
const KEYS_MAX = 2;

/** The keyed hashes of one name, the one in use first. */
export type NameKeys = readonly [string, ...string[]];

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
  readonly #secrets: RenewedKeys;
  #ownSecret: Uint8Array | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#secrets = new RenewedKeys(context.vault, 'session', 'unknown names');
  }

  /**
   * The keys of a name, the one in use first, whether somebody has it or not: a caller asks before it knows, so that both
   * take the same time.
   */
  async keysOf(username: string): Promise<NameKeys> {
    const [active, ...others] = await this.#secretsNow();
    const keyOf = (secret: Uint8Array) => createHmac('sha256', secret).update(username).digest('hex');
    return [keyOf(active), ...others.map(keyOf)];
  }

  async find([key, ...others]: NameKeys): Promise<UnknownName> {
    const { store } = this.#context;
    const [stored, ...before] = await Promise.all(
      [key, ...others].map((each) => store.findUnknownName(each)),
    );
    const found = stored ?? before.find((each) => each !== undefined);
    return { key, stored, state: found === undefined ? EMPTY_STATE : decodeState(found) };
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
      name = await this.find([key]);
    }
    throw new StoreUnavailable('the name is being tried elsewhere without a pause');
  }

  /** Without a vault, names are counted under a secret of this process alone: a log-in needs no vault. */
  async #secretsNow(): Promise<readonly [Uint8Array, ...Uint8Array[]]> {
    try {
      const [active, ...others] = await this.#secrets.ask(this.#context.decider.now());
      return [active.key, ...others.slice(0, KEYS_MAX - 1).map(({ key }) => key)];
    } catch (error) {
      if (!(error instanceof VaultUnavailable)) throw error;
      this.#ownSecret ??= this.#context.random.bytes(32);
      return [this.#ownSecret];
    }
  }
}
