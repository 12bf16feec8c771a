import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ExportLines } from '../../application/journal/export-lines.ts';
import { LIMITS } from '../../limits.ts';
import type { Store } from '../../ports/store.ts';

/**
 * Writes the journal as it is now, one line an entry and in order, like `sello audit export`. Waits while the client
 * does not read, `exportReadTimeMs` at most. When the store fails or `gone` aborts, it destroys the response, so that the client sees it is cut
 * off.
 */
export async function exportJournal(
  store: Store,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  try {
    const erased = (await store.retention.listErasures()).map(({ userId }) => userId);
    const exported = new ExportLines(await store.log.sealedSize(), new Set(erased));
    const [latest] = await store.readJournalBackwards({ below: Number.POSITIVE_INFINITY, limit: 1 });
    const end = latest?.position ?? 0;
    for (let after = 0; after < end; ) {
      gone.throwIfAborted();
      const page = await store.readJournal({ after, limit: LIMITS.verificationEntriesPerTurn });
      if (page.length === 0) break;
      let lines = '';
      for (const entry of page) {
        after = entry.position;
        if (after > end) break;
        lines += exported.lineOf(entry);
      }
      if (response.write(lines)) continue;
      const signal = AbortSignal.any([gone, AbortSignal.timeout(LIMITS.exportReadTimeMs)]);
      await once(response, 'drain', { signal });
    }
    response.end();
  } catch {
    response.destroy();
  }
}
