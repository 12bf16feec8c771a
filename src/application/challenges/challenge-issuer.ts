import {
  CHALLENGE_RANDOM_BYTES,
  type ChallengeBinding,
  ChallengeKey,
  type ChallengeVerdict,
  makeNonce,
  nonceIssuedAt,
  verifyNonce,
} from '../../domain/challenge/nonce.ts';
import { LIMITS } from '../../limits.ts';
import type { DerivedKey, KeyVault } from '../../ports/key-vault.ts';
import { ChallengeRateLimiter } from './challenge-rate-limiter.ts';
import type { RandomPool } from './random-pool.ts';

const PERIODS_AHEAD_MIN = 2;

/**
 * Issues and verifies challenges under keys that rotate every `rotationMs`. The vault derives the key of a period from the
 * period's number, so every server has the same keys and none is stored. A rotation of the vault's own keys gives each
 * period a second key: challenges are issued under it once every server knows it, and those under the one before are good
 * until they expire.
 *
 * Why: docs/DECISIONS.md#challenge-keys-are-derived-not-stored
 */
export class ChallengeIssuer {
  readonly #vault: KeyVault;
  readonly #random: RandomPool;
  readonly #rotationMs: number;
  readonly #ttlMs: number;
  /** How many periods ahead keys are derived. */
  readonly #ahead: number;
  readonly rateLimiter = new ChallengeRateLimiter();
  /** By period, newest version first. */
  readonly #keys = new Map<number, readonly PeriodKey[]>();
  /** The versions of the vault's keys, as last told. */
  #versions = '';
  #versionsAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  #fetching: Promise<void> | undefined;
  #retryAt = 0;

  constructor(vault: KeyVault, random: RandomPool, rotationMs: number, ttlMs: number) {
    this.#vault = vault;
    this.#random = random;
    this.#rotationMs = rotationMs;
    this.#ttlMs = ttlMs;
    this.#ahead = Math.max(PERIODS_AHEAD_MIN, Math.ceil(LIMITS.challengeKeysAheadMs / rotationMs));
  }

  /**
   * Makes the keys of this time available. Call it before `issue` and `verify`.
   * @returns undefined if they are available already
   * @throws VaultUnavailable if the current key is missing and cannot be derived
   */
  ensureKeys(at: number): Promise<void> | undefined {
    const period = Math.floor(at / this.#rotationMs);
    if (!this.#keys.has(period)) return this.#fetch(at);
    const now = performance.now();
    // In the background: a vault that is down matters only when a period starts without its key.
    if (now < this.#retryAt) return undefined;
    if (!this.#keys.has(period + this.#ahead)) this.#inBackground(this.#fetch(at));
    const age = now - this.#versionsAt;
    if (age < LIMITS.keyVersionsPeriodMs) return undefined;
    const asked = this.#inBackground(this.#askVersions(at));
    return age > LIMITS.keyVersionsAgeMsMax ? asked : undefined;
  }

  issue(binding: ChallengeBinding, at: number): string {
    const keys = this.#keys.get(Math.floor(at / this.#rotationMs));
    const key = keys?.find(({ createdAt }) => createdAt + LIMITS.keyActivationMs <= at) ?? keys?.at(-1);
    if (!key) throw new Error('challenge issued before its key was ready');
    return makeNonce(key.key, at, this.#random.take(CHALLENGE_RANDOM_BYTES), binding);
  }

  expiresAt(issuedAt: number): number {
    return issuedAt + this.#ttlMs;
  }

  /** Does NOT check whether the challenge was spent. */
  verify(nonce: string, binding: ChallengeBinding, at: number): ChallengeVerdict {
    const issuedAt = nonceIssuedAt(nonce);
    if (issuedAt === undefined) return 'challenge_unknown';
    const keys = this.#keys.get(Math.floor(issuedAt / this.#rotationMs));
    // The keys of all periods with valid challenges are kept. Without a key, the challenge is too old or of another vault.
    if (!keys) return issuedAt < at - this.#ttlMs ? 'challenge_expired' : 'challenge_unknown';
    let verdict: ChallengeVerdict = 'challenge_unknown';
    let newer: PeriodKey | undefined;
    for (const key of keys) {
      const isOver =
        newer && newer.createdAt + LIMITS.keyActivationMs + this.#ttlMs + 2 * LIMITS.clockSkewMs < at;
      if (isOver || verdict !== 'challenge_unknown') break;
      verdict = verifyNonce(key.key, nonce, issuedAt, binding, at, this.#ttlMs);
      newer = key;
    }
    return verdict;
  }

  /** Never rejects. */
  async #inBackground(task: Promise<void>): Promise<void> {
    try {
      await task;
    } catch {
      this.#retryAt = performance.now() + LIMITS.keyVersionsRetryMs;
    }
  }

  /** Asks for the versions of the vault's keys; derives the keys of all periods again when there is a new one. */
  #askVersions(at: number): Promise<void> {
    this.#asking ??= this.#readVersions(at).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #readVersions(at: number): Promise<void> {
    const askedAt = performance.now();
    const told = versionsOf(await this.#vault.deriveKeys('challenge', 'versions'));
    if (told !== this.#versions) await this.#fetchKeys(at, true);
    this.#versionsAt = askedAt;
  }

  #fetch(at: number): Promise<void> {
    this.#fetching ??= this.#fetchKeys(at, false).finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchKeys(at: number, all: boolean): Promise<void> {
    const first = Math.floor((at - this.#ttlMs) / this.#rotationMs);
    const last = Math.floor(at / this.#rotationMs) + this.#ahead;
    for (const period of this.#keys.keys()) if (period < first) this.#keys.delete(period);
    const missing: number[] = [];
    for (let period = last; period >= first; period--) {
      if (all || !this.#keys.has(period)) missing.push(period);
    }
    const askedAt = performance.now();
    const derived = await Promise.all(
      missing.map((period) => this.#vault.deriveKeys('challenge', `${period}`)),
    );
    for (const [index, period] of missing.entries()) {
      const keys = derived[index] ?? [];
      this.#keys.set(
        period,
        keys.map(({ createdAt, key }) => ({ createdAt, key: new ChallengeKey(key) })),
      );
    }
    // Only if no period is from before: one that lacks a new version is derived again at the next question.
    if (!all && this.#keys.size > missing.length) return;
    this.#versions = versionsOf(derived[0] ?? []);
    this.#versionsAt = askedAt;
  }
}

interface PeriodKey {
  /** Of the vault's key that it was derived from, ms since 1970. */
  readonly createdAt: number;
  readonly key: ChallengeKey;
}

function versionsOf(keys: readonly DerivedKey[]): string {
  return keys.map(({ version }) => version).join();
}
