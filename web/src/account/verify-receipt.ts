import { fromBase64Url } from '../api/base64url.ts';

/** The claims of a receipt, as src/domain/transaction/receipt.ts writes them. */
export interface ReceiptClaims {
  readonly sub: string;
  readonly iat: number;
  readonly jti: string;
  readonly transaction: {
    readonly amount: string;
    readonly currency: string;
    readonly payee: string;
    readonly payer: string;
  };
  readonly proofs: readonly string[];
  readonly journal: { readonly version: number; readonly hash: string };
}

/** The transaction that is shown beside the receipt. The receipt must state the same. */
export interface ShownTransaction {
  readonly id: string;
  readonly payer: string;
  readonly payee: string;
  readonly amount: string;
  readonly currency: string;
}

export type Verdict =
  | { readonly genuine: true; readonly keyId: string }
  | { readonly genuine: false; readonly why: 'form' | 'key' | 'signature' | 'transaction' };

interface PublishedKey {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
  readonly kid: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const HASH = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** Reads the claims without verifying the signature. @returns undefined if the text is no receipt */
export function receiptClaims(jws: string): ReceiptClaims | undefined {
  const claims = json(jws.split('.')[1]);
  if (typeof claims !== 'object' || claims === null) return undefined;
  const { sub, iat, jti, transaction, proofs, journal } = claims as Partial<ReceiptClaims>;
  const whole =
    typeof sub === 'string' &&
    typeof iat === 'number' &&
    typeof jti === 'string' &&
    typeof transaction === 'object' &&
    typeof journal === 'object' &&
    Array.isArray(proofs);
  return whole ? (claims as ReceiptClaims) : undefined;
}

/**
 * Verifies a receipt in the browser by WebCrypto: a JWS (RFC 7515) with ES256 (RFC 7518, section 3.4) under the
 * published key (RFC 7517) that it names. Then compares its transaction with the one that is shown, if there is one. Does not verify
 * that the published keys are the server's own: that needs a copy of them from another source.
 */
export async function verifyReceipt(
  jws: string,
  keys: readonly PublishedKey[],
  shown?: ShownTransaction,
): Promise<Verdict> {
  const [first, second, third, ...more] = jws.split('.');
  const header = json(first) as
    | { readonly alg?: unknown; readonly kid?: unknown; readonly typ?: unknown }
    | undefined;
  const claims = receiptClaims(jws);
  const signature = third ? fromBase64Url(third) : undefined;
  const readable = header && claims && signature && more.length === 0;
  if (!readable || header.alg !== 'ES256' || header.typ !== 'sello-receipt+jws')
    return { genuine: false, why: 'form' };

  const published = keys.find(({ kid, kty, crv }) => kid === header.kid && kty === 'EC' && crv === 'P-256');
  if (!published) return { genuine: false, why: 'key' };
  const { kty, crv, x, y, kid } = published;
  const key = await crypto.subtle.importKey('jwk', { kty, crv, x, y }, ALGORITHM, false, ['verify']);
  const signed = new TextEncoder().encode(`${first}.${second}`);
  if (!(await crypto.subtle.verify(HASH, key, signature, signed)))
    return { genuine: false, why: 'signature' };

  if (!shown) return { genuine: true, keyId: kid };
  const { jti, transaction } = claims;
  const same =
    jti === shown.id &&
    transaction.payer === shown.payer &&
    transaction.payee === shown.payee &&
    transaction.amount === shown.amount &&
    transaction.currency === shown.currency;
  return same ? { genuine: true, keyId: kid } : { genuine: false, why: 'transaction' };
}

function json(segment: string | undefined): unknown {
  const decoded = segment === undefined ? undefined : fromBase64Url(segment);
  if (!decoded) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(decoded));
  } catch {
    return undefined;
  }
}
