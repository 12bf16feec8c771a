import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KeyOwner, WrappedKey } from '../../ports/key-vault.ts';
import { mac } from './hmac.ts';

/*
 * A wrapped key is `<version>.<base64url of IV ‖ ciphertext ‖ tag>`: AES-256-GCM with a random 96-bit IV, version and
 * owner as associated data. A key that encrypts with random IVs may do so 2^32 times (NIST SP 800-38D section 8.3),
 * which a large installation could reach, so each owner has a key of its own, HMAC-SHA256(key-encryption key, owner):
 * the bound then holds for each owner and version by itself, and nobody wraps one user's key four thousand million times.
 */

export const IV_BYTES = 12;
const TAG_BYTES = 16;
const PATTERN = /^([1-9][0-9]{0,8})\.([A-Za-z0-9_-]+)$/;

/** Wraps `key` for its owner. `iv` is random and used once. */
export function wrapKey(
  encryptionKey: Uint8Array,
  version: number,
  owner: KeyOwner,
  key: Uint8Array,
  iv: Uint8Array,
): WrappedKey {
  const ownKey = ownerKey(encryptionKey, owner);
  const cipher = createCipheriv('aes-256-gcm', ownKey, iv);
  cipher.setAAD(associatedData(version, owner));
  const body = cipher.update(key);
  cipher.final();
  ownKey.fill(0);
  return `${version}.${Buffer.concat([iv, body, cipher.getAuthTag()]).toString('base64url')}`;
}

/** @returns the key, or `undefined` where it is damaged or belongs to another owner; the caller overwrites it after use */
export function unwrapKey(
  encryptionKey: Uint8Array,
  wrapped: WrappedKey,
  owner: KeyOwner,
): Buffer | undefined {
  const parts = PATTERN.exec(wrapped);
  if (!parts) return undefined;
  const [, version, text] = parts;
  if (version === undefined || text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  // Decoding ignores the last character's spare bits: two spellings of one key would be two entries in a cache.
  if (bytes.length <= IV_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) return undefined;
  const ownKey = ownerKey(encryptionKey, owner);
  const decipher = createDecipheriv('aes-256-gcm', ownKey, bytes.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  ownKey.fill(0);
  decipher.setAAD(associatedData(Number(version), owner));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const key = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    key.fill(0);
    return undefined;
  }
  return key;
}

/** @returns the version that a wrapped key names, 0 where it names none */
export function versionOf(wrapped: WrappedKey): number {
  const dot = wrapped.indexOf('.');
  const version = dot > 0 && dot < 10 ? Number(wrapped.slice(0, dot)) : 0;
  return Number.isInteger(version) ? version : 0;
}

function ownerKey(encryptionKey: Uint8Array, owner: KeyOwner): Buffer {
  return mac('sha256', encryptionKey, Buffer.from(`wrapped-key/1/${owner}`));
}

function associatedData(version: number, owner: KeyOwner): Buffer {
  return Buffer.from(`wrapped-key/1/${version}/${owner}`);
}
