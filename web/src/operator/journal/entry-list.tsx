import timeline from '../../account/timeline.module.css';
import type { JournalEntry } from '../../api/operations.ts';
import { EntryLine } from './entry-line.tsx';

/** Entries along a line. */
export function EntryList({
  entries,
  hashes = false,
}: {
  readonly entries: readonly JournalEntry[];
  /** As the story of one transaction: hashes at once, and no links to what is on the page. */
  readonly hashes?: boolean;
}) {
  return (
    <ol className={timeline.entries}>
      {entries.map((entry) => (
        <EntryLine key={`${entry.body.user} ${entry.body.version}`} entry={entry} hashes={hashes} />
      ))}
    </ol>
  );
}
