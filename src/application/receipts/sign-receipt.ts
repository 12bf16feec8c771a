import type { RecordedTransaction } from '../../domain/journal/entry.ts';
import type { Proof } from '../../domain/policy/policy.ts';
import { receiptFrom, receiptSigningInput } from '../../domain/transaction/receipt.ts';
import type { Context } from '../context.ts';

/** An approval as its entry records it and a receipt states it. */
export interface DecidedTransaction {
  readonly transaction: RecordedTransaction;
  readonly username: string;
  /** ms since 1970 */
  readonly at: number;
  readonly proofs: readonly Proof[];
  /** Of the user's entry that records it. */
  readonly version: number;
  readonly hash: string;
  readonly previous: string;
}

/**
 * Signs a receipt as a JWS (ES256) by the active signing key.
 * @throws VaultUnavailable: the decision stands, the receipt can be asked for again
 */
export async function signReceipt(context: Context, decided: DecidedTransaction): Promise<string> {
  const { id, ...transaction } = decided.transaction;
  const claims = {
    iss: 'sello',
    sub: decided.username,
    iat: Math.floor(decided.at / 1000),
    jti: id,
    transaction,
    proofs: decided.proofs,
    journal: { version: decided.version, hash: decided.hash, previous: decided.previous },
  } as const;
  // The header names the key, so after a rotation between the two calls the receipt is made again.
  for (let attempt = 0; attempt < 3; attempt++) {
    const [active] = await context.vault.publicKeys();
    const keyId = active?.jwk.kid;
    if (keyId === undefined) throw new Error('the vault has no signing key');
    const signingInput = receiptSigningInput(claims, keyId);
    const [signed] = await context.vault.sign([Buffer.from(signingInput, 'ascii')]);
    if (signed?.keyId === keyId) return receiptFrom(signingInput, signed.signature);
  }
  throw new Error('the signing key changed at each attempt');
}
