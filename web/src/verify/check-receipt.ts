import { type ReceiptClaims, receiptClaims, type Verdict, verifyReceipt } from '../account/verify-receipt.ts';
import { ProblemError } from '../api/problem.ts';
import { fetchLog } from '../log/fetch-log.ts';
import { type ProofVerdict, verifyProof } from '../log/verify-proof.ts';

/** What was found out about the proof that a receipt's entry is in the log. */
export type ProofResult =
  | ({ readonly found: true } & ProofVerdict)
  | { readonly found: false; readonly why: 'not_yet' | 'not_shown' | 'elsewhere' };

export interface Checked {
  readonly claims: ReceiptClaims | undefined;
  readonly receipt: Verdict;
  /** Undefined for a receipt that is not genuine: its proof would say nothing. */
  readonly proof: ProofResult | undefined;
  /** The proof's file, to be kept beside the receipt. */
  readonly proofText: string | undefined;
}

const TRANSACTION_ID = /^[0-9a-f-]{36}$/;

/**
 * Checks a receipt by this server's published keys, and that its entry is in this server's log by the proof that is given, or
 * that the server gives to anyone. Keys and log are this server's own: whoever does not trust it needs them from elsewhere.
 * @throws ConnectionLost, ProblemError
 */
export async function checkReceipt(jws: string, givenProof: string): Promise<Checked> {
  const claims = receiptClaims(jws);
  const { keys } = await (await fetchLog('/.well-known/jwks.json')).json();
  const receipt = await verifyReceipt(jws, keys);
  if (!receipt.genuine || !claims) return { claims, receipt, proof: undefined, proofText: undefined };
  const found = givenProof === '' ? await fetchProof(claims.jti) : givenProof;
  if (typeof found !== 'string') return { claims, receipt, proof: found, proofText: undefined };
  const key = await (await fetchLog('/log/vkey')).text();
  const verdict = await verifyProof(claims.journal.hash, found, key);
  return { claims, receipt, proof: { found: true, ...verdict }, proofText: found };
}

async function fetchProof(transaction: string): Promise<string | ProofResult> {
  if (!TRANSACTION_ID.test(transaction)) return { found: false, why: 'elsewhere' };
  try {
    return await (await fetchLog(`/v1/receipts/${transaction}/proof`)).text();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    if (error.code === 'not_sealed_yet') return { found: false, why: 'not_yet' };
    if (error.status === 404) return { found: false, why: 'elsewhere' };
    if (error.status === 401 || error.status === 403) return { found: false, why: 'not_shown' };
    throw error;
  }
}
