import timeline from '../../account/timeline.module.css';
import type { JournalEntry } from '../../api/operations.ts';
import { EntryLine } from './entry-line.tsx';

/** Journal entries along a line. */
export function EntryList({
  entries,
  hashes = false,
}: {
  readonly entries: readonly JournalEntry[];
  /** For the history of one transaction: shows hashes, and no links to what is on the page. */
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
