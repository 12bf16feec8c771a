import type { JournalReader } from '../../compose.ts';
import type { Shell } from '../shell/shell.ts';

/** Opens the journal of the configured store for reading, and closes it after `use`. @throws StartRefused */
export async function withJournal(
  shell: Shell,
  use: (journal: JournalReader) => Promise<void>,
): Promise<void> {
  const config = shell.config();
  const { openJournalReader } = await import('../../compose.ts');
  const journal = await openJournalReader(config);
  try {
    await use(journal);
  } finally {
    await journal.close();
  }
}
