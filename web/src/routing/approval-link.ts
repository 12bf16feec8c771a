import {
  type CanonicalTransaction,
  encodeTransaction,
} from '../../../src/domain/transaction/canonical-transaction.ts';
import { fromBase64Url, toBase64Url } from '../api/base64url.ts';

const PREFIX = '#approve=';
/** The first byte of the compact form; JSON begins with another. */
const COMPACT = 1;
const CHALLENGE_BYTES = 32;

/**
 * Returns a link that hands a transaction to a token. It stands in the fragment, in base64url, so it reaches no server and no log:
 * the challenge as 32 bytes, then amount, currency, payee and payer, a line each. That is half as long as its JSON, so the QR code
 * has fewer and larger squares.
 */
export function approvalLink(
  origin: string,
  { amount, currency, payee, payer, challenge }: CanonicalTransaction,
): string {
  const text = new TextEncoder().encode([amount, currency, payee, payer].join('\n'));
  const bytes = new Uint8Array(1 + CHALLENGE_BYTES + text.length);
  bytes[0] = COMPACT;
  for (let at = 0; at < CHALLENGE_BYTES; at++)
    bytes[1 + at] = Number.parseInt(challenge.slice(2 * at, 2 * at + 2), 16);
  bytes.set(text, 1 + CHALLENGE_BYTES);
  return `${origin}/token${PREFIX}${toBase64Url(bytes)}`;
}

export function isApprovalHash(hash: string): boolean {
  return hash.startsWith(PREFIX);
}

/**
 * Reads the canonical transaction from a link or a fragment, as text. Does not check that it is a transaction. Links of the version
 * before, which hold the JSON, are read as well.
 * @returns undefined if the text ends in no such fragment
 * @throws TypeError when the fragment holds no UTF-8
 */
export function linkedTransaction(text: string): string | undefined {
  const encoded = /#approve=([A-Za-z0-9_-]+)$/.exec(text)?.[1];
  if (encoded === undefined) return undefined;
  const bytes = fromBase64Url(encoded) ?? new Uint8Array();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  if (bytes[0] !== COMPACT) return decoder.decode(bytes);
  const challenge = [...bytes.subarray(1, 1 + CHALLENGE_BYTES)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  const lines = decoder.decode(bytes.subarray(1 + CHALLENGE_BYTES)).split('\n');
  const [amount = '', currency = '', payee = '', payer = ''] = lines;
  // More lines are no transaction: the text is then none either.
  if (lines.length !== 4) return '';
  return encodeTransaction({ amount, challenge, currency, payee, payer, v: 1 });
}
