import { createHmac } from 'node:crypto';
import { canonicalRecoveryCode } from '../codes/recovery-code.ts';
import type { Shown } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Idempotency } from './idempotency-record.ts';

/** The same for whatever a request shows of an authenticator. @throws VaultUnavailable */
export function boundToShown(
  context: Context,
  idempotency: Idempotency | undefined,
  { code, passkey, recoveryCode }: Shown,
): Promise<Idempotency | undefined> {
  // In the order in which `SecondFactor` judges them: what let the request pass is what its repeat must show.
  const recovery = recoveryCode === undefined ? undefined : canonicalRecoveryCode(recoveryCode);
  return boundToCode(context, idempotency, recovery ?? passkey?.response.response.signature ?? code);
}

/**
 * Puts a code into the digest of an idempotency key: with another code it is another request. Under a key that only
 * the vault can make, because a code is short and would be found from a bare digest.
 * @returns the same idempotency where no code is shown, undefined where there is none
 * @throws VaultUnavailable
 */
export async function boundToCode(
  { vault }: Context,
  idempotency: Idempotency | undefined,
  code: string | undefined,
): Promise<Idempotency | undefined> {
  if (!idempotency || code === undefined) return idempotency;
  const { key, digest } = idempotency;
  const secrets = await vault.deriveKeys('session', `code/${key}`);
  const [bound, ...digestsBefore] = secrets.map((secret) =>
    createHmac('sha256', secret.key).update(`${digest}\n${code}`).digest('hex'),
  );
  if (bound === undefined) throw new Error('the vault derived no key');
  return { key, digest: bound, digestsBefore };
}
