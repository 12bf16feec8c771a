import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { UserChains } from '../../application/journal/user-chains.ts';
import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import { LIMITS } from '../../limits.ts';
import type { Store } from '../../ports/store.ts';

/**
 * Writes the journal as it is now, a line an entry in its order, as `sello audit export` does. Waits while nobody
 * reads; ends early, in the middle of the answer so that it is seen, where the store fails or `gone` aborts.
 */
export async function exportJournal(
  store: Store,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const chains = new UserChains();
  try {
    const [latest] = await store.readJournalBackwards({ below: Number.POSITIVE_INFINITY, limit: 1 });
    const end = latest?.position ?? 0;
    for (let after = 0; after < end; ) {
      gone.throwIfAborted();
      const page = await store.readJournal({ after, limit: LIMITS.verificationEntriesPerTurn });
      if (page.length === 0) break;
      let lines = '';
      for (const { position, userId, version, body, hash } of page) {
        after = position;
        if (position > end) break;
        const previous = chains.find(`${userId}`)?.hash ?? GENESIS_HASH;
        chains.put(`${userId}`, version, hash);
        lines += `{"body":${body},"previous":"${previous}","hash":"${hash}"}\n`;
      }
      if (!response.write(lines)) await once(response, 'drain', { signal: gone });
    }
    response.end();
  } catch {
    response.destroy();
  }
}
