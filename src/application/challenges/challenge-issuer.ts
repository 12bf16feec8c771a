import {
  CHALLENGE_RANDOM_BYTES,
  type ChallengeBinding,
  ChallengeKey,
  type ChallengeVerdict,
  makeNonce,
  nonceIssuedAt,
  verifyNonce,
} from '../../domain/challenge/nonce.ts';
import type { KeyVault } from '../../ports/key-vault.ts';
import { ChallengeRateLimiter } from './challenge-rate-limiter.ts';
import type { RandomPool } from './random-pool.ts';

/** Keys are derived this many periods ahead, so challenges work for at least that long without the vault. */
const PERIODS_AHEAD = 2;
/** How long to wait in the background after the vault did not answer. */
const RETRY_MS = 1_000;

/**
 * Issues and verifies challenges under keys that rotate every `rotationMs`. The vault derives the key of a period from the
 * period's number, so every server has the same keys and none is stored.
 *
 * Why: docs/DECISIONS.md#challenge-keys-are-derived-not-stored
 */
export class ChallengeIssuer {
  readonly #vault: KeyVault;
  readonly #random: RandomPool;
  readonly #rotationMs: number;
  readonly #ttlMs: number;
  readonly rateLimiter = new ChallengeRateLimiter();
  readonly #keys = new Map<number, ChallengeKey>();
  #fetching: Promise<void> | undefined;
  #retryAt = 0;

  constructor(vault: KeyVault, random: RandomPool, rotationMs: number, ttlMs: number) {
    this.#vault = vault;
    this.#random = random;
    this.#rotationMs = rotationMs;
    this.#ttlMs = ttlMs;
  }

  /**
   * Makes the keys of this time available. Call it before `issue` and `verify`.
   * @returns undefined if they are available already
   * @throws VaultUnavailable if the current key is missing and cannot be derived
   */
  ensureKeys(at: number): Promise<void> | undefined {
    const period = Math.floor(at / this.#rotationMs);
    if (this.#keys.has(period)) {
      // In the background: a vault that is down matters only when a period starts without its key.
      if (!this.#keys.has(period + PERIODS_AHEAD) && performance.now() >= this.#retryAt) this.#fetchAhead(at);
      return undefined;
    }
    return this.#fetch(at);
  }

  issue(binding: ChallengeBinding, at: number): string {
    const key = this.#keys.get(Math.floor(at / this.#rotationMs));
    if (!key) throw new Error('challenge issued before its key was ready');
    return makeNonce(key, at, this.#random.take(CHALLENGE_RANDOM_BYTES), binding);
  }

  expiresAt(issuedAt: number): number {
    return issuedAt + this.#ttlMs;
  }

  /** Does NOT check whether the challenge was spent. */
  verify(nonce: string, binding: ChallengeBinding, at: number): ChallengeVerdict {
    const issuedAt = nonceIssuedAt(nonce);
    if (issuedAt === undefined) return 'challenge_unknown';
    const key = this.#keys.get(Math.floor(issuedAt / this.#rotationMs));
    // The keys of all periods with valid challenges are kept. Without a key, the challenge is too old or of another vault.
    if (!key) return issuedAt < at - this.#ttlMs ? 'challenge_expired' : 'challenge_unknown';
    return verifyNonce(key, nonce, binding, at, this.#ttlMs);
  }

  #fetchAhead(at: number): void {
    this.#fetch(at).catch(() => {
      this.#retryAt = performance.now() + RETRY_MS;
    });
  }

  #fetch(at: number): Promise<void> {
    this.#fetching ??= this.#fetchKeys(at).finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchKeys(at: number): Promise<void> {
    const first = Math.floor((at - this.#ttlMs) / this.#rotationMs);
    const last = Math.floor(at / this.#rotationMs) + PERIODS_AHEAD;
    for (const period of this.#keys.keys()) if (period < first) this.#keys.delete(period);
    const missing: number[] = [];
    for (let period = last; period >= first; period--) if (!this.#keys.has(period)) missing.push(period);
    const keys = await Promise.all(missing.map((period) => this.#vault.deriveKey('challenge', `${period}`)));
    missing.forEach((period, index) => {
      const key = keys[index];
      if (key) this.#keys.set(period, new ChallengeKey(key));
    });
  }
}
