import type { Store } from '../../src/ports/store.ts';
import { appendContract } from './store-append.ts';
import { lifeContract } from './store-life.ts';
import { readContract } from './store-read.ts';
import { rowsContract } from './store-rows.ts';
import { transactionsContract } from './store-transactions.ts';

/** An empty store of an adapter, on the real database. */
export interface OpenedStore {
  readonly store: Store;
  /** Closes the store and opens the same database again: what a restart sees. */
  reopen(): Promise<Store>;
  /** Closes what is open and removes the database. */
  dispose(): Promise<void>;
}

/** What every adapter of the Store port holds to. Each test opens an empty store of its own. */
export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
  appendContract(name, open);
  rowsContract(name, open);
  transactionsContract(name, open);
  readContract(name, open);
  lifeContract(name, open);
}

/** Runs a test's body on an empty store. */
export function withStore(
  open: () => Promise<OpenedStore>,
  body: (store: Store, opened: OpenedStore) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const opened = await open();
    try {
      await body(opened.store, opened);
    } finally {
      await opened.dispose();
    }
  };
}
