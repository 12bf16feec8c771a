import { journalReaderContract } from './journal-reader.ts';
import type { OpenedStore } from './opened-store.ts';
import { appendContract } from './store-append.ts';
import { datasetsContract } from './store-datasets.ts';
import { leasesContract } from './store-leases.ts';
import { lifeContract } from './store-life.ts';
import { logContract } from './store-log.ts';
import { messagesContract } from './store-messages.ts';
import { namesContract } from './store-names.ts';
import { pushContract } from './store-push.ts';
import { readContract } from './store-read.ts';
import { rowsContract } from './store-rows.ts';
import { searchContract } from './store-search.ts';
import { transactionsContract } from './store-transactions.ts';
import { unknownNamesContract } from './store-unknown-names.ts';
import { webhooksContract } from './store-webhooks.ts';

/** What every adapter of the Store port holds to. Each test opens an empty store of its own. */
export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
  appendContract(name, open);
  rowsContract(name, open);
  transactionsContract(name, open);
  messagesContract(name, open);
  datasetsContract(name, open);
  namesContract(name, open);
  readContract(name, open);
  journalReaderContract(name, open);
  lifeContract(name, open);
  unknownNamesContract(name, open);
  webhooksContract(name, open);
  pushContract(name, open);
  leasesContract(name, open);
  logContract(name, open);
  searchContract(name, open);
}
