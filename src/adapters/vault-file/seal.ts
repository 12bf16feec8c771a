import { hashRaw } from '@node-rs/argon2';
import type { Random } from '../../ports/random.ts';
import { decryptGcm, encryptGcm, IV_BYTES } from '../vault-keys/aes-gcm.ts';
import { type DecodedFile, encodeFile, type Header, type KeyDerivation } from './file-format.ts';
import { activeEncryptionKey, activeSigningKey, encodeKeys, type KeySet } from './key-set.ts';

/** Argon2id cost: the second recommended option of RFC 9106 section 4, on one lane. Takes about 0.1 s, once per start. */
export const DERIVATION_COST = { memoryKib: 65_536, passes: 3, lanes: 1 } as const;

export type DerivationCost = Omit<KeyDerivation, 'salt'>;

const SALT_BYTES = 16;

/** The key that seals a file, and the parameters that derive it from the passphrase. */
export interface SealingKey {
  readonly key: Buffer;
  readonly derivation: KeyDerivation;
}

/**
 * Derives the AES-256 key from the passphrase's UTF-8 bytes by Argon2id (RFC 9106), off the main thread.
 *
 * Why: docs/DECISIONS.md#argon2id-costs-more-for-the-sealed-file
 */
export async function deriveSealingKey(passphrase: string, derivation: KeyDerivation): Promise<SealingKey> {
  const key = await hashRaw(passphrase, {
    memoryCost: derivation.memoryKib,
    timeCost: derivation.passes,
    parallelism: derivation.lanes,
    outputLen: 32,
    salt: derivation.salt,
  });
  return { key, derivation };
}

export function newDerivation(random: Random, cost: DerivationCost): KeyDerivation {
  return { ...cost, salt: Buffer.from(random.bytes(SALT_BYTES)) };
}

/** Encrypts the keys by AES-256-GCM, with the header as associated data, so that neither can be exchanged. @returns the file's bytes */
export function seal(sealingKey: SealingKey, keys: KeySet, random: Random): Buffer {
  const header: Header = {
    derivation: sealingKey.derivation,
    iv: Buffer.from(random.bytes(IV_BYTES)),
    encryptionKeys: keys.encryptionKeys.map(({ version, createdAt }) => ({
      version,
      createdAt,
      active: version === activeEncryptionKey(keys).version,
    })),
    signingKeyId: activeSigningKey(keys).jwk.kid,
  };
  const content = encodeKeys(keys);
  const file = encodeFile(header, (associatedData) =>
    encryptGcm(sealingKey.key, header.iv, associatedData, content),
  );
  content.fill(0);
  return file;
}

/** Decrypts and authenticates a file. @returns the content, which the caller overwrites after use; `undefined` when passphrase or file is wrong */
export function unseal(
  sealingKey: SealingKey,
  { header, headerBytes, sealed }: DecodedFile,
): Buffer | undefined {
  return decryptGcm(sealingKey.key, header.iv, headerBytes, sealed);
}
