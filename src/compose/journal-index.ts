import { hostname } from 'node:os';
import type { Context } from '../application/context.ts';
import { JournalIndexer } from '../application/search/journal-indexer.ts';
import type { Logger } from '../ports/logger.ts';

export interface RunningIndexer {
  stop(): Promise<void>;
}

/** Indexes and counts the journal as long as no other process does. */
export function startIndexing({ store, clock }: Context, log: Logger): RunningIndexer {
  let failing = '';
  const indexer = new JournalIndexer({
    store,
    clock,
    holder: `${hostname()}/${process.pid}`,
    observe(error) {
      const reason = error === undefined ? '' : error instanceof Error ? error.message : String(error);
      if (reason !== failing && reason !== '') log.warn({ reason }, 'the journal is not indexed now');
      if (reason === '' && failing !== '') log.info({}, 'the journal is indexed again');
      failing = reason;
    },
  });
  indexer.start();
  return indexer;
}
