import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Idempotency } from './idempotency-record.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals what a stored answer must tell again and must not hold in the clear: a session's secret, a seed, a service's
 * key. AES-256-GCM under a key that only the vault can make, for one user and one idempotency key.
 */
export class AnswerSeal {
  readonly #key: Uint8Array;

  private constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** @throws VaultUnavailable */
  static async of({ vault }: Context, userId: UserId, idempotencyKey: string): Promise<AnswerSeal> {
    return new AnswerSeal(await vault.deriveKey('session', `answer/${userId}/${idempotencyKey}`));
  }

  seal(secret: Uint8Array, iv: Uint8Array): string {
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
    return Buffer.concat([iv, sealed, cipher.getAuthTag()]).toString('base64url');
  }

  /** @throws when the text is not what `seal` made: a broken invariant, for the store is trusted */
  open(text: string): Buffer {
    const bytes = Buffer.from(text, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV_BYTES));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    return Buffer.concat([
      decipher.update(bytes.subarray(IV_BYTES, bytes.length - TAG_BYTES)),
      decipher.final(),
    ]);
  }

  static readonly ivBytes = IV_BYTES;
}

/**
 * The same key, standing for a code as well: with another code it is another request. Under a key that only the vault
 * can make, for a code is short and would be found from a bare digest.
 * @throws VaultUnavailable
 */
export async function withCode(
  { vault }: Context,
  { key, digest }: Idempotency,
  code: string,
): Promise<Idempotency> {
  const secret = await vault.deriveKey('session', `code/${key}`);
  return { key, digest: createHmac('sha256', secret).update(`${digest}\n${code}`).digest('hex') };
}
