import type { KeyOwner, WrappedKey } from '../../ports/key-vault.ts';
import { decryptGcm, encryptGcm, IV_BYTES, TAG_BYTES } from './aes-gcm.ts';
import { mac } from './hmac.ts';

/*
 * A wrapped key is `<version>.<base64url of IV ‖ ciphertext ‖ tag>`: AES-256-GCM with a random 96-bit IV, and version
 * and owner as associated data. One key may encrypt 2^32 times with random IVs (NIST SP 800-38D section 8.3), which a
 * large installation could reach. So each owner has a key of its own, HMAC-SHA256(key-encryption key, owner), and the
 * bound applies to each owner and version separately.
 */

const PATTERN = /^([1-9][0-9]{0,8})\.([A-Za-z0-9_-]+)$/;

/**
 * The message that derives an owner's key: HMAC-SHA256(key-encryption key of the version, this), computed in the HSM if there is one.
 *
 * Why: docs/DECISIONS.md#a-wrapping-key-per-owner
 */
export function ownerContext(owner: KeyOwner): Buffer {
  return Buffer.from(`wrapped-key/1/${owner}`);
}

/** Encrypts `content` under the owner's key of a version. `iv` must be random and used once. */
export function sealWrapped(
  ownKey: Uint8Array,
  version: number,
  owner: KeyOwner,
  content: Uint8Array,
  iv: Uint8Array,
): WrappedKey {
  const sealed = encryptGcm(ownKey, iv, associatedData(version, owner), content);
  return `${version}.${Buffer.concat([iv, sealed]).toString('base64url')}`;
}

/** Decrypts and authenticates a wrapped key. @returns the content, or `undefined` when it is damaged or of another owner */
export function openWrapped(ownKey: Uint8Array, wrapped: WrappedKey, owner: KeyOwner): Buffer | undefined {
  const parts = PATTERN.exec(wrapped);
  if (!parts) return undefined;
  const [, version, text] = parts;
  if (version === undefined || text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  // Decoding ignores the spare bits of the last character. Two spellings of one key would be two entries in a cache.
  if (bytes.length <= IV_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) return undefined;
  const aad = associatedData(Number(version), owner);
  return decryptGcm(ownKey, bytes.subarray(0, IV_BYTES), aad, bytes.subarray(IV_BYTES));
}

/** Wraps `key` for its owner under a key-encryption key in this process. `iv` must be random and used once. */
export function wrapKey(
  encryptionKey: Uint8Array,
  version: number,
  owner: KeyOwner,
  key: Uint8Array,
  iv: Uint8Array,
): WrappedKey {
  const ownKey = mac('sha256', encryptionKey, ownerContext(owner));
  const wrapped = sealWrapped(ownKey, version, owner, key, iv);
  ownKey.fill(0);
  return wrapped;
}

/** Unwraps a key. @returns the key, which the caller overwrites after use; `undefined` when it is damaged or of another owner */
export function unwrapKey(
  encryptionKey: Uint8Array,
  wrapped: WrappedKey,
  owner: KeyOwner,
): Buffer | undefined {
  const ownKey = mac('sha256', encryptionKey, ownerContext(owner));
  const key = openWrapped(ownKey, wrapped, owner);
  ownKey.fill(0);
  return key;
}

/** Reads the version that a wrapped key names; 0 when it names none. Does NOT authenticate the key. */
export function versionOf(wrapped: WrappedKey): number {
  const dot = wrapped.indexOf('.');
  const version = dot > 0 && dot < 10 ? Number(wrapped.slice(0, dot)) : 0;
  return Number.isInteger(version) ? version : 0;
}

function associatedData(version: number, owner: KeyOwner): Buffer {
  return Buffer.from(`wrapped-key/1/${version}/${owner}`);
}
