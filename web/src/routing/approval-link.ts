import { fromBase64Url, toBase64Url } from '../api/base64url.ts';

const PREFIX = '#approve=';

/**
 * A link that hands a canonical transaction to a token. The transaction stands in the fragment, in base64url, so no
 * server and no log sees it.
 */
export function approvalLink(origin: string, canonical: string): string {
  return `${origin}/token${PREFIX}${toBase64Url(new TextEncoder().encode(canonical))}`;
}

export function isApprovalHash(hash: string): boolean {
  return hash.startsWith(PREFIX);
}

/**
 * The canonical transaction in a link or a fragment, as text. It is not checked to be a transaction.
 * @returns undefined when the text ends in no fragment of this form
 * @throws TypeError when the fragment does not hold UTF-8
 */
export function linkedTransaction(text: string): string | undefined {
  const encoded = /#approve=([A-Za-z0-9_-]+)$/.exec(text)?.[1];
  if (encoded === undefined) return undefined;
  return new TextDecoder('utf-8', { fatal: true }).decode(fromBase64Url(encoded));
}
