import { createCipheriv, createDecipheriv } from 'node:crypto';
import { VaultUnavailable } from '../../domain/errors.ts';
import type { DerivedKey } from '../../ports/key-vault.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Idempotency } from './idempotency-record.ts';
import { type IdempotencyCodec, wholeResult } from './idempotent.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;

type Secret = string | Uint8Array;

/**
 * Keeps the result with the secret in `field` sealed, so that a repeated request gets it again while the store never
 * holds it in the clear: a session's secret, a seed, a service's key, an invitation's code. AES-256-GCM under a key that
 * only the vault can derive, for one user and one idempotency key.
 * @param idempotency without it nothing is kept, and the vault is not called
 * @param read the opened secret as it stands in the result
 * @throws VaultUnavailable
 *
 * Why: docs/DECISIONS.md#secrets-in-idempotency-records-are-sealed
 */
export async function secretCodec<
  Field extends string,
  T extends { readonly [name in Field]: Secret } & { readonly repeated?: boolean },
>(
  { vault, random }: Context,
  userId: UserId,
  idempotency: Idempotency | undefined,
  field: Field,
  read: (secret: Buffer) => T[Field],
): Promise<IdempotencyCodec<T, T>> {
  if (!idempotency) return wholeResult<T>();
  const keys = await vault.deriveKeys('session', `answer/${userId}/${idempotency.key}`);
  const [newest] = keys;
  if (!newest) throw new Error('the vault derived no key');
  return {
    keep: (result) => ({ ...result, [field]: seal(newest, bytesOf(result[field]), random.bytes(IV_BYTES)) }),
    again: (kept) => ({ ...kept, [field]: read(open(keys, String(kept[field]))), repeated: true }),
  };
}

function bytesOf(secret: Secret): Uint8Array {
  return typeof secret === 'string' ? Buffer.from(secret) : secret;
}

/** @returns the version of the key, a dot, and base64url of IV ‖ ciphertext ‖ tag */
function seal({ version, key }: DerivedKey, secret: Uint8Array, iv: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
  return `${version}.${Buffer.concat([iv, sealed, cipher.getAuthTag()]).toString('base64url')}`;
}

/**
 * @throws VaultUnavailable when the key of its version is not known, here or any more
 * @throws when the text is not what `seal` made: a broken invariant, for the store is trusted
 */
function open(keys: readonly DerivedKey[], text: string): Buffer {
  const [sealed = '', version] = text.split('.').reverse();
  // Before keys were rotated there was no version in the text.
  const found = version === undefined ? keys.at(-1) : keys.find((key) => key.version === Number(version));
  if (!found)
    throw new VaultUnavailable(`key version ${version}, which sealed a stored answer, is not known`);
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', found.key, bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  return Buffer.concat([
    decipher.update(bytes.subarray(IV_BYTES, bytes.length - TAG_BYTES)),
    decipher.final(),
  ]);
}
