import type { AuditReader } from '../../ports/journal-reader.ts';
import type { Shell } from '../shell/shell.ts';

/** Opens the journal of the configured store for reading, and closes it after `use`. @throws StartRefused */
export async function withJournal(shell: Shell, use: (journal: AuditReader) => Promise<void>): Promise<void> {
  const config = shell.config();
  const { openAuditReader } = await import('../../compose.ts');
  const journal = await openAuditReader(config);
  try {
    await use(journal);
  } finally {
    await journal.close();
  }
}
