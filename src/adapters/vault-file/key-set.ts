import type { webcrypto } from 'node:crypto';
import type { DerivedKeyPurpose } from '../../ports/key-vault.ts';
import type { Random } from '../../ports/random.ts';
import {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  retire,
  type SigningKey,
} from './signing-key.ts';

const KEY_BYTES = 32;
const PURPOSES = ['challenge', 'session'] as const satisfies readonly DerivedKeyPurpose[];

/** The keys that the file seals, each for one purpose only. Replaced as a whole, never changed in place. */
export interface KeySet {
  /** Ascending by version; the last one is active. */
  readonly encryptionKeys: readonly EncryptionKey[];
  /** The active key first, then the retired keys, newest first. */
  readonly signingKeys: readonly SigningKey[];
  readonly masterKeys: Readonly<Record<DerivedKeyPurpose, Buffer>>;
}

/** A key-encryption key: AES-256. */
export interface EncryptionKey {
  readonly version: number;
  /** ms since 1970. */
  readonly createdAt: number;
  readonly key: Buffer;
}

export function generateKeys(random: Random, at: number): KeySet {
  return {
    encryptionKeys: [{ version: 1, createdAt: at, key: newKey(random) }],
    signingKeys: [generateSigningKey()],
    masterKeys: { challenge: newKey(random), session: newKey(random) },
  };
}

export function activeEncryptionKey(keys: KeySet): EncryptionKey {
  const active = keys.encryptionKeys.at(-1);
  if (!active) throw new Error('a vault has no key-encryption key');
  return active;
}

export function activeSigningKey(keys: KeySet): SigningKey {
  const active = keys.signingKeys[0];
  if (!active) throw new Error('a vault has no signing key');
  return active;
}

/** Returns the key set with a new key-encryption key and a new signing key. Retires the previous signing key. */
export function withNewVersion(keys: KeySet, random: Random, at: number): KeySet {
  const version = activeEncryptionKey(keys).version + 1;
  return {
    encryptionKeys: [...keys.encryptionKeys, { version, createdAt: at, key: newKey(random) }],
    signingKeys: [generateSigningKey(), ...keys.signingKeys.map(retire)],
    masterKeys: keys.masterKeys,
  };
}

export function withoutVersionsBelow(keys: KeySet, version: number): KeySet {
  return { ...keys, encryptionKeys: keys.encryptionKeys.filter((key) => key.version >= version) };
}

/** Overwrites every key in a buffer. Private signing keys are in OpenSSL's memory, which OpenSSL clears when it frees them. */
export function wipeKeys(keys: KeySet): void {
  for (const { key } of keys.encryptionKeys) key.fill(0);
  for (const purpose of PURPOSES) keys.masterKeys[purpose].fill(0);
}

interface Encoded {
  readonly encryption_keys: readonly {
    readonly version: number;
    readonly created_at: number;
    readonly key: string;
  }[];
  readonly signing_keys: readonly webcrypto.JsonWebKey[];
  readonly master_keys: Readonly<Record<DerivedKeyPurpose, string>>;
}

/** Encodes the keys as JSON, to be sealed. The caller overwrites it after use. */
export function encodeKeys(keys: KeySet): Buffer {
  const encoded: Encoded = {
    encryption_keys: keys.encryptionKeys.map(({ version, createdAt, key }) => ({
      version,
      created_at: createdAt,
      key: key.toString('base64url'),
    })),
    signing_keys: keys.signingKeys.map(exportSigningKey),
    master_keys: {
      challenge: keys.masterKeys.challenge.toString('base64url'),
      session: keys.masterKeys.session.toString('base64url'),
    },
  };
  return Buffer.from(JSON.stringify(encoded));
}

/** Decodes what `encodeKeys` wrote. The seal was verified, so malformed content is a defect, which throws. */
export function decodeKeys(content: Buffer): KeySet {
  const encoded: Encoded = JSON.parse(content.toString());
  return {
    encryptionKeys: encoded.encryption_keys.map((entry) => ({
      version: entry.version,
      createdAt: entry.created_at,
      key: decodeKey(entry.key),
    })),
    signingKeys: encoded.signing_keys.map(importSigningKey),
    masterKeys: {
      challenge: decodeKey(encoded.master_keys.challenge),
      session: decodeKey(encoded.master_keys.session),
    },
  };
}

function newKey(random: Random): Buffer {
  return Buffer.from(random.bytes(KEY_BYTES));
}

function decodeKey(text: string): Buffer {
  // Not from Node's shared buffer pool: other strings and digests use that memory.
  const key = Buffer.alloc(KEY_BYTES);
  if (key.write(text, 'base64url') !== KEY_BYTES) throw new Error('a sealed key has another length');
  return key;
}
