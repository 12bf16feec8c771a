import type { webcrypto } from 'node:crypto';
import type { DerivedKeyPurpose, KeyVersionLife } from '../../ports/key-vault.ts';
import type { Random } from '../../ports/random.ts';
import { goodVersions } from '../vault-keys/master-key-life.ts';
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
  /** The keys that others are derived from, ascending by version; the last one is active. */
  readonly masterKeys: readonly MasterKeys[];
  /** The seed of the log's Ed25519 key, which rotations leave. Unset in a file of before that has not been asked for it. */
  readonly logSeed: Buffer | undefined;
}

export interface MasterKeys {
  readonly version: number;
  /** ms since 1970. */
  readonly createdAt: number;
  readonly keys: Readonly<Record<DerivedKeyPurpose, Buffer>>;
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
    signingKeys: [generateSigningKey(at)],
    masterKeys: [newMasterKeys(random, 1, at)],
    logSeed: newKey(random),
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

/**
 * Returns the key set with a new version of every key. Retires the previous signing key, and drops the keys that others
 * were derived from once nothing that is kept needs them.
 */
export function withNewVersion(keys: KeySet, random: Random, at: number): KeySet {
  const version = activeEncryptionKey(keys).version + 1;
  return {
    encryptionKeys: [...keys.encryptionKeys, { version, createdAt: at, key: newKey(random) }],
    signingKeys: [generateSigningKey(at), ...keys.signingKeys.map(retire)],
    masterKeys: [...goodMasterKeys(keys, at), newMasterKeys(random, version, at)],
    logSeed: keys.logSeed,
  };
}

/** Returns the key set with a key for the log, where it has none. */
export function withLogSeed(keys: KeySet, random: Random): KeySet {
  return { ...keys, logSeed: keys.logSeed ?? newKey(random) };
}

/** The versions, newest first. Each has made a signing key, which is kept; its other keys may be gone. */
export function versionLives(keys: KeySet): readonly KeyVersionLife[] {
  const newest = activeEncryptionKey(keys).version;
  return keys.signingKeys.map(({ jwk, createdAt }, index) => {
    const version = newest - index;
    const encryptionKey = keys.encryptionKeys.find((key) => key.version === version);
    const madeAt = createdAt === 0 ? (encryptionKey?.createdAt ?? 0) : createdAt;
    return { version, createdAt: madeAt, unwraps: encryptionKey !== undefined, keyId: jwk.kid };
  });
}

export function goodMasterKeys({ masterKeys }: KeySet, at: number): readonly MasterKeys[] {
  return goodVersions(masterKeys, at);
}

function newMasterKeys(random: Random, version: number, createdAt: number): MasterKeys {
  return { version, createdAt, keys: { challenge: newKey(random), session: newKey(random) } };
}

export function withoutVersionsBelow(keys: KeySet, version: number): KeySet {
  return { ...keys, encryptionKeys: keys.encryptionKeys.filter((key) => key.version >= version) };
}

/** Overwrites every key in a buffer. Private signing keys are in OpenSSL's memory, which OpenSSL clears when it frees them. */
export function wipeKeys(keys: KeySet): void {
  for (const { key } of keys.encryptionKeys) key.fill(0);
  keys.logSeed?.fill(0);
  for (const { keys: master } of keys.masterKeys) for (const purpose of PURPOSES) master[purpose].fill(0);
}

interface Encoded {
  readonly encryption_keys: readonly {
    readonly version: number;
    readonly created_at: number;
    readonly key: string;
  }[];
  readonly signing_keys: readonly webcrypto.JsonWebKey[];
  /** The active ones, where a program of before looks for them. */
  readonly master_keys: Readonly<Record<DerivedKeyPurpose, string>>;
  /** All of them, newer than the first version of the format. */
  readonly master_key_versions?: readonly EncodedMasterKeys[];
  /** Newer than the first version of the format. */
  readonly log_seed?: string;
}

interface EncodedMasterKeys extends Readonly<Record<DerivedKeyPurpose, string>> {
  readonly version: number;
  readonly created_at: number;
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
    master_keys: encodeMaster(activeMasterKeys(keys).keys),
    master_key_versions: keys.masterKeys.map(({ version, createdAt, keys: master }) => ({
      version,
      created_at: createdAt,
      ...encodeMaster(master),
    })),
    ...(keys.logSeed ? { log_seed: keys.logSeed.toString('base64url') } : {}),
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
    masterKeys: (encoded.master_key_versions ?? [{ version: 1, created_at: 0, ...encoded.master_keys }]).map(
      ({ version, created_at: createdAt, challenge, session }) => ({
        version,
        createdAt,
        keys: { challenge: decodeKey(challenge), session: decodeKey(session) },
      }),
    ),
    logSeed: encoded.log_seed === undefined ? undefined : decodeKey(encoded.log_seed),
  };
}

export function activeMasterKeys(keys: KeySet): MasterKeys {
  const active = keys.masterKeys.at(-1);
  if (!active) throw new Error('a vault has no key to derive others from');
  return active;
}

function encodeMaster({ challenge, session }: MasterKeys['keys']): Record<DerivedKeyPurpose, string> {
  return { challenge: challenge.toString('base64url'), session: session.toString('base64url') };
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
