import { fromBase64Url, toBase64Url } from '../base64url.ts';
import { BoundTransaction } from './bound-transaction.ts';

const TEXT_LENGTH_MAX = 2_048;

/**
 * A transaction that comes without a network, scanned or pasted: its canonical JSON, or a link that ends in
 * `#approve=` and that text in base64url. Which server it came from does not matter: the code fits nothing else.
 */
export function readCarried(text: string): BoundTransaction | undefined {
  const trimmed = text.trim();
  if (trimmed.length > TEXT_LENGTH_MAX) return undefined;
  const encoded = /#approve=([A-Za-z0-9_-]+)$/.exec(trimmed)?.[1];
  try {
    const json = encoded === undefined ? trimmed : decode(encoded);
    const source: unknown = JSON.parse(json);
    const version = (source as { v?: unknown } | null)?.v;
    if (version !== 1) return undefined;
    const transaction = BoundTransaction.of(source);
    // A second form of the same transaction is refused: no other member, no other order of them.
    return transaction?.canonical === json ? transaction : undefined;
  } catch {
    return undefined;
  }
}

/** What a page writes into a link or a QR code for `readCarried`. */
export function carriedFragment(transaction: BoundTransaction): string {
  return `#approve=${toBase64Url(new TextEncoder().encode(transaction.canonical))}`;
}

function decode(encoded: string): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(fromBase64Url(encoded));
}
