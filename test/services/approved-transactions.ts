import { openAuditReader } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';

/** Approved transactions in the journal of a PostgreSQL store: their ids by payee. */
export async function approvedTransactions(
  dataDir: string,
  storeUrl: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { config } = loadConfig({ flags: { '--data-dir': dataDir, '--store-url': storeUrl } });
  const reader = await openAuditReader(config);
  const found = new Map<string, string[]>();
  try {
    for (let after = 0; ; ) {
      const page = await reader.readJournal({ after, limit: 4_096 });
      if (page.length === 0) return found;
      for (const { position, type, body } of page) {
        after = position;
        if (type !== 'transaction.approved') continue;
        const { transaction } = JSON.parse(body) as { transaction: { id: string; payee: string } };
        found.set(transaction.payee, [...(found.get(transaction.payee) ?? []), transaction.id]);
      }
    }
  } finally {
    await reader.close();
  }
}
