import { hash } from 'node:crypto';

/*
 * In what form a user's key lies in the HSM. HSMs take no HMAC key shorter than the digest, and some (SoftHSM) give
 * back a key rounded up to whole words of 8 bytes. So a short key is padded with zeros to the shortest block, which
 * makes no other MAC; one over 64 bytes that is no whole number of words is kept in three forms, one for each
 * algorithm, of which two are the digests that RFC 2104 section 2 would compute first.
 */

const BLOCK_BYTES_MIN = 64;
const BLOCK_BYTES_MAX = 128;
const WORD_BYTES = 8;
/** What wrapping (RFC 5649) makes of the three forms: 8 bytes more each. */
const THREE_BLOBS = [0, 72, 144, 280] as const;
/** The text of three blobs is longer than this, that of one is shorter. */
const THREE_FORMS_TEXT_MIN = 300;

function hasThreeForms(length: number): boolean {
  return length > BLOCK_BYTES_MIN && length % WORD_BYTES !== 0;
}

/** @returns what is to be wrapped; the caller overwrites it */
export function formsOf(key: Uint8Array): Buffer[] {
  if (!hasThreeForms(key.length)) return [padded(key, Math.max(key.length, BLOCK_BYTES_MIN))];
  return [
    padded(hash('sha1', key, 'buffer'), BLOCK_BYTES_MIN),
    padded(hash('sha256', key, 'buffer'), BLOCK_BYTES_MIN),
    padded(key, BLOCK_BYTES_MAX),
  ];
}

/** Parts what was wrapped of a key of `length` bytes into its forms. */
export function splitBlobs(length: number, bytes: Buffer): Buffer[] {
  if (!hasThreeForms(length)) return [bytes];
  return [0, 1, 2].map((form) => bytes.subarray(THREE_BLOBS[form], THREE_BLOBS[form + 1]));
}

/** The form that computes this algorithm, by `ALGORITHM_CODES`. */
export function formFor(length: number, algorithm: number): number {
  return hasThreeForms(length) ? algorithm : 0;
}

/** The form that begins with the key itself. */
export function wholeForm(length: number): number {
  return hasThreeForms(length) ? 2 : 0;
}

/** What a key that lies in the HSM is found by. */
export function sessionKeyName(wrapped: string, algorithm: number): string {
  return wrapped.length < THREE_FORMS_TEXT_MIN ? wrapped : `${wrapped}/${algorithm}`;
}

function padded(key: Uint8Array, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.set(key);
  return bytes;
}
