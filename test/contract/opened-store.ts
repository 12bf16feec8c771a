import type { AuditReader } from '../../src/ports/journal-reader.ts';
import type { Store } from '../../src/ports/store.ts';

/** An empty store of an adapter, on the real database. */
export interface OpenedStore {
  readonly store: Store;
  /** Set where a call is appended in parts, each user's decisions in one: only the order of one user's entries is the call's. */
  readonly inParts?: true;
  /** Closes the store and opens the same database again: what a restart sees. */
  reopen(): Promise<Store>;
  /** Opens the same database read-only, beside the store. */
  openReader(): Promise<AuditReader>;
  /** Closes what is open and removes the database. */
  dispose(): Promise<void>;
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
