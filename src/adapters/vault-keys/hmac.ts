import { hash } from 'node:crypto';
import type { MacAlgorithm } from '../../ports/key-vault.ts';

/*
 * HMAC (RFC 2104) as two one-shot hashes over a scratch buffer. Each MAC has a different key, so nothing can be
 * precomputed, and a one-shot hash costs half of createHmac. Digests are passed as latin1 strings, one character a byte,
 * because allocating an ArrayBuffer for each costs more than hashing.
 */

const BLOCK_BYTES = { sha1: 64, sha256: 64, sha512: 128 } as const;
const DIGEST_BYTES = { sha1: 20, sha256: 32, sha512: 64 } as const;
const BLOCK_BYTES_MAX = 128;
const DIGEST_BYTES_MAX = 64;
const MESSAGE_BYTES_KEPT = 1_024;

/** 32-bit words of a short key. */
export const SHORT_KEY_WORDS = 16;
/** A key up to this length is at most as long as the shortest block, so no algorithm hashes it first. */
export const SHORT_KEY_BYTES_MAX = SHORT_KEY_WORDS * 4;

const inner = Buffer.alloc(BLOCK_BYTES_MAX + MESSAGE_BYTES_KEPT);
const outer = Buffer.alloc(BLOCK_BYTES_MAX + DIGEST_BYTES_MAX);
const innerWords = new Int32Array(inner.buffer, inner.byteOffset, BLOCK_BYTES_MAX / 4);
const outerWords = new Int32Array(outer.buffer, outer.byteOffset, BLOCK_BYTES_MAX / 4);
const innerViews: Buffer[] = [];
const outerViews = {
  sha1: outer.subarray(0, BLOCK_BYTES.sha1 + DIGEST_BYTES.sha1),
  sha256: outer.subarray(0, BLOCK_BYTES.sha256 + DIGEST_BYTES.sha256),
  sha512: outer.subarray(0, BLOCK_BYTES.sha512 + DIGEST_BYTES.sha512),
} as const;

const blockWords = new Int32Array(BLOCK_BYTES_MAX / 4);
const blockBytes = new Uint8Array(blockWords.buffer);

/**
 * Computes the MAC under a short key. Leaves traces of the key in the scratch buffer (see `wipeScratch`).
 * @param words contains the key at `offset`, padded with zeros to `SHORT_KEY_WORDS` words
 *
 * Why: docs/DECISIONS.md#one-shot-hashes-for-hmac
 */
export function macWithShortKey(
  algorithm: MacAlgorithm,
  words: Int32Array,
  offset: number,
  message: Uint8Array,
): Buffer {
  for (let i = 0; i < SHORT_KEY_WORDS; i++) {
    const word = words[offset + i] ?? 0;
    innerWords[i] = word ^ 0x36363636;
    outerWords[i] = word ^ 0x5c5c5c5c;
  }
  if (algorithm === 'sha512') {
    innerWords.fill(0x36363636, SHORT_KEY_WORDS);
    outerWords.fill(0x5c5c5c5c, SHORT_KEY_WORDS);
  }
  return finish(algorithm, message);
}

/**
 * Computes the MAC under a key of any length. A key longer than the hash's block is hashed first (RFC 2104 section 2).
 * Leaves traces of the key in the scratch buffer (see `wipeScratch`).
 */
export function mac(algorithm: MacAlgorithm, key: Uint8Array, message: Uint8Array): Buffer {
  const block = BLOCK_BYTES[algorithm];
  blockBytes.fill(0);
  blockBytes.set(key.length > block ? hash(algorithm, key, 'buffer') : key);
  for (let i = 0; i < block / 4; i++) {
    const word = blockWords[i] ?? 0;
    innerWords[i] = word ^ 0x36363636;
    outerWords[i] = word ^ 0x5c5c5c5c;
  }
  blockBytes.fill(0);
  return finish(algorithm, message);
}

/** Overwrites what the last MAC left of its key. Call it once after each batch. */
export function wipeScratch(): void {
  inner.fill(0);
  outer.fill(0);
}

function finish(algorithm: MacAlgorithm, message: Uint8Array): Buffer {
  const block = BLOCK_BYTES[algorithm];
  const length = block + message.length;
  let digest: string;
  if (message.length <= MESSAGE_BYTES_KEPT) {
    inner.set(message, block);
    let view = innerViews[length];
    if (!view) {
      view = inner.subarray(0, length);
      innerViews[length] = view;
    }
    digest = hash(algorithm, view, 'latin1');
  } else {
    const long = Buffer.concat([inner.subarray(0, block), message], length);
    digest = hash(algorithm, long, 'latin1');
    long.fill(0, 0, block);
  }
  outer.write(digest, block, DIGEST_BYTES[algorithm], 'latin1');
  return Buffer.from(hash(algorithm, outerViews[algorithm], 'latin1'), 'latin1');
}
