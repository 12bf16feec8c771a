import { createCipheriv, createDecipheriv } from 'node:crypto';
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
  const key = await vault.deriveKey('session', `answer/${userId}/${idempotency.key}`);
  return {
    keep: (result) => ({ ...result, [field]: seal(key, bytesOf(result[field]), random.bytes(IV_BYTES)) }),
    again: (kept) => ({ ...kept, [field]: read(open(key, String(kept[field]))), repeated: true }),
  };
}

function bytesOf(secret: Secret): Uint8Array {
  return typeof secret === 'string' ? Buffer.from(secret) : secret;
}

function seal(key: Uint8Array, secret: Uint8Array, iv: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([iv, sealed, cipher.getAuthTag()]).toString('base64url');
}

/** @throws when the text is not what `seal` made: a broken invariant, for the store is trusted */
function open(key: Uint8Array, text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  return Buffer.concat([
    decipher.update(bytes.subarray(IV_BYTES, bytes.length - TAG_BYTES)),
    decipher.final(),
  ]);
}
