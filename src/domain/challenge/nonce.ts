import { hash } from 'node:crypto';
import { LIMITS } from '../../limits.ts';

/**
 * A challenge is stateless: 32 bytes in lower-case hex,
 *
 *     issued at, ms (6, big-endian) ‖ random (10) ‖ tag (16)
 *     tag = HMAC-SHA256(key of the period it was issued in, issued at ‖ random ‖ binding), first 16 bytes
 *
 * The binding says what it may be used for: one session, one pending transaction, one service, a passkey. It is not carried, so a
 * challenge of another session is not told apart from a forged one. Time first: nonces are in order of issue.
 */
export const NONCE_BYTES = 32;
const HEADER_BYTES = 16;
const RANDOM_BYTES = 10;
const TAG_HEX = 32;
const NONCE_PATTERN = /^[0-9a-f]{64}$/;

/** What a challenge is bound to. */
export type ChallengeBinding =
  | `session/${string}`
  | `transaction/${string}`
  | `service/${string}`
  | `passkey/${string}`;

export const CHALLENGE_RANDOM_BYTES = RANDOM_BYTES;

/** Makes the nonce that `key` authenticates. `random`: `CHALLENGE_RANDOM_BYTES` fresh bytes. */
export function makeNonce(
  key: ChallengeKey,
  issuedAt: number,
  random: Uint8Array,
  binding: ChallengeBinding,
): string {
  const header = issuedAt.toString(16).padStart(12, '0') + Buffer.from(random).toString('hex');
  return header + key.tag(header, binding);
}

/** @returns ms since 1970, or undefined when the text has not the form of a nonce: it may still be forged */
export function nonceIssuedAt(nonce: string): number | undefined {
  return NONCE_PATTERN.test(nonce) ? Number.parseInt(nonce.slice(0, 12), 16) : undefined;
}

/** `unknown`: never issued for this binding. Whether it was spent before is not checked here. */
export type ChallengeVerdict = 'authentic' | 'challenge_expired' | 'challenge_unknown';

/** Checks that `key` (of the period of `nonceIssuedAt`) authenticates the nonce for this binding, and its age. */
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
  let difference = 0;
  for (let i = 0; i < TAG_HEX; i++) {
    difference |= expected.charCodeAt(i) ^ nonce.charCodeAt(HEADER_BYTES * 2 + i);
  }
  if (difference !== 0) return 'challenge_unknown';
  return at - issuedAt > ttlMs ? 'challenge_expired' : 'authentic';
}

const BLOCK_BYTES = 64;

/** The key of one period: HMAC-SHA256 (RFC 2104) in two one-shot hashes, which costs Node less than an Hmac object. */
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

  /** @returns the tag in hex */
  tag(header: string, binding: ChallengeBinding): string {
    this.#inner.write(header, BLOCK_BYTES, HEADER_BYTES, 'hex');
    const length = this.#inner.write(binding, BLOCK_BYTES + HEADER_BYTES, 'latin1');
    const inner = this.#inner.subarray(0, BLOCK_BYTES + HEADER_BYTES + length);
    this.#outer.write(hash('sha256', inner, 'hex'), BLOCK_BYTES, 32, 'hex');
    return hash('sha256', this.#outer, 'hex').slice(0, TAG_HEX);
  }
}
