import { linkedTransaction } from '../../routing/approval-link.ts';
import { BoundTransaction } from './bound-transaction.ts';

const TEXT_LENGTH_MAX = 2_048;

/**
 * Reads a transaction that arrives without a network, scanned or pasted: its canonical JSON, or an approval link. Which
 * server it came from is not checked and does not matter: the code fits nothing else.
 * @returns undefined for anything else, other JSON of the same transaction included
 */
export function readOfflineTransaction(text: string): BoundTransaction | undefined {
  const trimmed = text.trim();
  if (trimmed.length > TEXT_LENGTH_MAX) return undefined;
  try {
    const json = linkedTransaction(trimmed) ?? trimmed;
    const source: unknown = JSON.parse(json);
    const version = (source as { v?: unknown } | null)?.v;
    if (version !== 1) return undefined;
    const transaction = BoundTransaction.of(source);
    // Exactly one form of a transaction is read: no further member, no other order.
    return transaction?.canonical === json ? transaction : undefined;
  } catch {
    return undefined;
  }
}
