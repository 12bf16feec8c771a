import { hash } from 'node:crypto';
import { LIMITS } from '../../limits.ts';
import { equalConstantTime } from '../constant-time.ts';

/*
 * A challenge is a stateless nonce: 32 bytes in lower-case hex,
 *
 *     issued at, ms since 1970 (6 bytes, big-endian) ‖ random (10) ‖ tag (16)
 *     tag = HMAC-SHA256(key of the period of issue, issued at ‖ random ‖ binding), first 16 bytes
 *
 * The binding names what the challenge may be used for: one session, one pending transaction, one service or one
 * passkey. The nonce does not carry it, so a challenge of another session looks like a forged one. The time comes first,
 * so nonces sort by time of issue.
 */

export const NONCE_BYTES = 32;
const HEADER_BYTES = 16;
const RANDOM_BYTES = 10;
const TAG_HEX = 32;
const NONCE_PATTERN = /^[0-9a-f]{64}$/;

/** The session, transaction, service or passkey that a challenge is bound to. */
export type ChallengeBinding =
  | `session/${string}`
  | `transaction/${string}`
  | `service/${string}`
  | `passkey/${string}`;

export const CHALLENGE_RANDOM_BYTES = RANDOM_BYTES;

/**
 * Makes a nonce authenticated by `key`.
 * @param issuedAt ms since 1970
 * @param random `CHALLENGE_RANDOM_BYTES` fresh bytes
 *
 * Why: docs/DECISIONS.md#challenges-carry-no-user
 */
export function makeNonce(
  key: ChallengeKey,
  issuedAt: number,
  random: Uint8Array,
  binding: ChallengeBinding,
): string {
  const header = issuedAt.toString(16).padStart(12, '0') + Buffer.from(random).toString('hex');
  return header + key.tag(header, binding);
}

/**
 * Reads the time of issue from a nonce. Does NOT authenticate it: the nonce may be forged.
 * @returns ms since 1970, or `undefined` when the text does not have the form of a nonce
 */
export function nonceIssuedAt(nonce: string): number | undefined {
  return NONCE_PATTERN.test(nonce) ? Number.parseInt(nonce.slice(0, 12), 16) : undefined;
}

/** `challenge_unknown`: never issued for this binding. */
export type ChallengeVerdict = 'authentic' | 'challenge_expired' | 'challenge_unknown';

/**
 * Verifies that `key` authenticates the nonce for this binding, and that it is at most `ttlMs` old. Accepts a time of
 * issue up to `LIMITS.clockSkewMs` ahead, because servers' clocks differ. Does NOT check whether the challenge was spent.
 * @param key of the period in which `nonceIssuedAt` lies
 * @param at now, ms since 1970
 */
export function verifyNonce(
  key: ChallengeKey,
  nonce: string,
  binding: ChallengeBinding,
  at: number,
  ttlMs: number,
): ChallengeVerdict {
  const issuedAt = nonceIssuedAt(nonce);
  if (issuedAt === undefined || issuedAt > at + LIMITS.clockSkewMs) return 'challenge_unknown';
  const expected = key.tag(nonce.slice(0, HEADER_BYTES * 2), binding);
  if (!equalConstantTime(expected, nonce.slice(HEADER_BYTES * 2))) return 'challenge_unknown';
  return at - issuedAt > ttlMs ? 'challenge_expired' : 'authentic';
}

const BLOCK_BYTES = 64;

/** The challenge key of one period. Computes HMAC-SHA256 (RFC 2104) by two one-shot hashes, which cost less than a Node Hmac object. */
export class ChallengeKey {
  readonly #inner = Buffer.alloc(BLOCK_BYTES + HEADER_BYTES + 128);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + 32);

  /** `key`: 32 bytes. */
  constructor(key: Uint8Array) {
    for (let i = 0; i < BLOCK_BYTES; i++) {
      const byte = key[i] ?? 0;
      this.#inner[i] = byte ^ 0x36;
      this.#outer[i] = byte ^ 0x5c;
    }
  }

  /** Returns the tag in lower-case hex. `header`: the first 16 bytes of the nonce, in hex. */
  tag(header: string, binding: ChallengeBinding): string {
    this.#inner.write(header, BLOCK_BYTES, HEADER_BYTES, 'hex');
    const length = this.#inner.write(binding, BLOCK_BYTES + HEADER_BYTES, 'latin1');
    const inner = this.#inner.subarray(0, BLOCK_BYTES + HEADER_BYTES + length);
    this.#outer.write(hash('sha256', inner, 'hex'), BLOCK_BYTES, 32, 'hex');
    return hash('sha256', this.#outer, 'hex').slice(0, TAG_HEX);
  }
}
