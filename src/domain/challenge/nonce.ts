import { hash } from 'node:crypto';
import { LIMITS } from '../../limits.ts';
import { hexByte, hexNumber, isHex, writeHexByte } from '../encoding/hex.ts';

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
const TIME_BYTES = 6;
const RANDOM_BYTES = 10;
const HEADER_BYTES = TIME_BYTES + RANDOM_BYTES;
const TAG_BYTES = 16;

/** Reused, because a nonce is made and verified for each transaction. */
const header = new Uint8Array(HEADER_BYTES);
const text = Buffer.alloc(NONCE_BYTES * 2);

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
  let rest = issuedAt;
  for (let i = TIME_BYTES - 1; i >= 0; i--) {
    header[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  header.set(random, TIME_BYTES);
  const tag = key.tag(header, binding);
  for (let i = 0; i < HEADER_BYTES; i++) writeHexByte(text, i * 2, header[i] ?? 0);
  for (let i = 0; i < TAG_BYTES; i++) writeHexByte(text, (HEADER_BYTES + i) * 2, tag.charCodeAt(i));
  return text.toString('latin1');
}

/**
 * Reads the time of issue from a nonce. Does NOT authenticate it: the nonce may be forged.
 * @returns ms since 1970, or `undefined` when the text does not have the form of a nonce
 */
export function nonceIssuedAt(nonce: string): number | undefined {
  return isHex(nonce, NONCE_BYTES * 2) ? hexNumber(nonce, 0, TIME_BYTES * 2) : undefined;
}

/** `challenge_unknown`: never issued for this binding. */
export type ChallengeVerdict = 'authentic' | 'challenge_expired' | 'challenge_unknown';

/**
 * Verifies that `key` authenticates the nonce for this binding, and that it is at most `ttlMs` old. Accepts a time of
 * issue up to `LIMITS.clockSkewMs` ahead, because servers' clocks differ. Does NOT check whether the challenge was spent.
 * @param key of the period in which `issuedAt` lies
 * @param issuedAt `nonceIssuedAt` of the nonce
 * @param at now, ms since 1970
 */
export function verifyNonce(
  key: ChallengeKey,
  nonce: string,
  issuedAt: number | undefined,
  binding: ChallengeBinding,
  at: number,
  ttlMs: number,
): ChallengeVerdict {
  if (issuedAt === undefined || issuedAt > at + LIMITS.clockSkewMs) return 'challenge_unknown';
  for (let i = 0; i < HEADER_BYTES; i++) header[i] = hexByte(nonce, i * 2);
  const tag = key.tag(header, binding);
  // All bytes are compared, so that the time does not tell how many fit.
  let difference = 0;
  for (let i = 0; i < TAG_BYTES; i++)
    difference |= tag.charCodeAt(i) ^ hexByte(nonce, (HEADER_BYTES + i) * 2);
  if (difference !== 0) return 'challenge_unknown';
  return at - issuedAt > ttlMs ? 'challenge_expired' : 'authentic';
}

const BLOCK_BYTES = 64;
const BINDING_BYTES_MAX = 128;

/** The challenge key of one period. Computes HMAC-SHA256 (RFC 2104) by two one-shot hashes, which cost less than a Node Hmac object. */
export class ChallengeKey {
  readonly #inner = Buffer.alloc(BLOCK_BYTES + HEADER_BYTES + BINDING_BYTES_MAX);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + 32);
  /** The part of `#inner` that the last tag was over: bindings of one kind have one length. */
  #message = this.#inner;

  /** `key`: 32 bytes. */
  constructor(key: Uint8Array) {
    for (let i = 0; i < BLOCK_BYTES; i++) {
      const byte = key[i] ?? 0;
      this.#inner[i] = byte ^ 0x36;
      this.#outer[i] = byte ^ 0x5c;
    }
  }

  /**
   * Returns the HMAC of which the tag is the first 16 bytes, a character a byte (latin1): a string costs less than an
   * ArrayBuffer.
   * @param header the first 16 bytes of the nonce
   */
  tag(header: Uint8Array, binding: ChallengeBinding): string {
    this.#inner.set(header, BLOCK_BYTES);
    const length =
      BLOCK_BYTES + HEADER_BYTES + this.#inner.write(binding, BLOCK_BYTES + HEADER_BYTES, 'latin1');
    if (this.#message.length !== length) this.#message = this.#inner.subarray(0, length);
    this.#outer.write(hash('sha256', this.#message, 'latin1'), BLOCK_BYTES, 32, 'latin1');
    return hash('sha256', this.#outer, 'latin1');
  }
}
