import { useState } from 'react';
import type { TokenRecord } from '../../device/storage.ts';
import type { PendingTransaction } from '../../transaction/pending-transaction.ts';
import { useDeviceView } from '../device-context.tsx';

export interface Found {
  readonly pending: PendingTransaction;
  readonly token: TokenRecord;
}

/**
 * Finds a pending transaction and keeps the object first found: what is shown and signed stays the same whatever later
 * lists say.
 */
export function useFound(id: string): Found | undefined {
  const { feeds, tokens } = useDeviceView();
  const [kept, setKept] = useState<Found>();
  if (kept?.pending.id === id) return kept;
  for (const feed of feeds) {
    const pending = feed.pending.find((one) => one.id === id);
    const token = tokens.find((one) => one.id === feed.tokenId);
    if (!pending || !token) continue;
    const found = { pending, token };
    setKept(found);
    return found;
  }
  return undefined;
}
