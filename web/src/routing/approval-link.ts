import { fromBase64Url, toBase64Url } from '../api/base64url.ts';

const PREFIX = '#approve=';

/**
 * Returns a link that hands a canonical transaction to a token. The transaction stands in the fragment, in base64url,
 * so it reaches no server and no log.
 */
export function approvalLink(origin: string, canonical: string): string {
  return `${origin}/token${PREFIX}${toBase64Url(new TextEncoder().encode(canonical))}`;
}

export function isApprovalHash(hash: string): boolean {
  return hash.startsWith(PREFIX);
}

/**
 * Reads the canonical transaction from a link or a fragment, as text. Does not check that it is a transaction.
 * @returns undefined if the text ends in no such fragment
 * @throws TypeError when the fragment holds no UTF-8
 */
export function linkedTransaction(text: string): string | undefined {
  const encoded = /#approve=([A-Za-z0-9_-]+)$/.exec(text)?.[1];
  if (encoded === undefined) return undefined;
  return new TextDecoder('utf-8', { fatal: true }).decode(fromBase64Url(encoded));
}
