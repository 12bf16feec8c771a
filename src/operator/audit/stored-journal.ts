import { compareRows, type RowFault } from '../../application/journal/rows/compare-rows.ts';
import { ExpectedRows } from '../../application/journal/rows/expected-rows.ts';
import {
  type ExpectedHead,
  type JournalVerdict,
  type UnverifiedEntry,
  verifyJournal,
} from '../../application/journal/verify-journal.ts';
import { decodeBody } from '../../domain/journal/entry.ts';
import type { AuditReader, JournalEntry, SideTable, UserHead } from '../../ports/journal-reader.ts';
import type { UserId } from '../../ports/store.ts';

const PAGE = 1_024;
/** Progress is told after each of so many entries. */
export const PROGRESS_ENTRIES = 250_000;
const USER_ENTRIES_HELD_MAX = 8_192;

/** Every entry in the journal's order, up to the last one there when the reading reaches it. */
export async function* allEntries(journal: AuditReader): AsyncGenerator<JournalEntry> {
  let after = 0;
  for (;;) {
    const page = await journal.readJournal({ after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.position;
  }
}

/**
 * One user's entries, oldest first. A store pages from the newest: up to 8,192 entries are reversed in memory; of a user
 * with more, the whole journal is read and filtered.
 */
export async function* entriesOf(journal: AuditReader, userId: UserId): AsyncGenerator<JournalEntry> {
  const newestFirst = await journal.readUserJournal(userId, {
    below: Number.POSITIVE_INFINITY,
    limit: USER_ENTRIES_HELD_MAX,
  });
  if ((newestFirst.at(-1)?.version ?? 1) === 1) {
    yield* newestFirst.toReversed();
    return;
  }
  for await (const entry of allEntries(journal)) if (entry.userId === userId) yield entry;
}

/** The users who were erased: their entries have no bodies, or soon will not. */
export async function erasedUsers(journal: AuditReader): Promise<ReadonlySet<UserId>> {
  return new Set((await journal.retention.listErasures()).map(({ userId }) => userId));
}

/** What a check of a store found. */
export interface StoreVerdict extends JournalVerdict {
  /** Rows compared with the entries. */
  readonly rows: number;
  /** The first row that does not follow from the entries. */
  readonly rowFault: RowFault | undefined;
  /** Users whose entries went on during the check and whose rows had changed: they were not compared. */
  readonly changedMeanwhile: number;
}

/** Called while a check goes on, with the number of entries so far. */
export type OnProgress = (entries: number) => void;

/**
 * Checks every entry of a store, where each user's entries end, and that the rows of the other tables follow from the
 * entries, while a server may be appending. Entries appended during the check are not checked. Does NOT check the pages of
 * the database: `verifyIntegrity` of the reader does.
 */
export async function verifyStoredJournal(
  journal: AuditReader,
  onProgress: OnProgress = () => undefined,
): Promise<StoreVerdict> {
  let lastPosition = 0;
  let erased = await erasedUsers(journal);
  const expected = new ExpectedRows();
  const versions = new Map<UserId, number>();
  async function* entries(): AsyncGenerator<UnverifiedEntry> {
    for await (const { position, userId, body, hash, at, type, version } of allEntries(journal)) {
      lastPosition = position;
      if (body === '' && !erased.has(userId)) erased = await erasedUsers(journal);
      const known = erased.has(userId) ? null : body;
      yield { body: known, hash, form: 'bytes', chain: String(userId), columns: { at, type, version } };
    }
  }
  /** Read after the entries. A user whose newest entry came later than the last one checked is left out. */
  async function* heads(): AsyncGenerator<ExpectedHead> {
    for await (const { userId, version, position } of allHeads(journal)) {
      if (position <= lastPosition) yield { user: `#${userId}`, chain: String(userId), version };
    }
  }
  const verdict = await verifyJournal(entries(), heads(), ({ chain, body, entry }) => {
    const userId = Number(chain);
    versions.set(userId, body.version);
    expected.add(userId, body, entry);
    if (entry % PROGRESS_ENTRIES === 0) onProgress(entry);
  });
  if (verdict.fault) return { ...verdict, rows: 0, rowFault: undefined, changedMeanwhile: 0 };
  const tables = {
    sideRows: <Table extends SideTable>(table: Table) => journal.sideRows(table),
    heads: () => allHeads(journal),
  };
  const { rows, faults, changedMeanwhile, transactionsMissing } = await compareRows(
    expected,
    tables,
    (userId) => versions.get(userId) ?? 0,
  );
  const [missing] = transactionsMissing;
  const rowFault =
    faults[0] ?? (missing === undefined ? undefined : await missingTransaction(journal, missing));
  return { ...verdict, rows, rowFault, changedMeanwhile };
}

/** The transaction whose row is missing, by the entry that requested it. */
async function missingTransaction(journal: AuditReader, entry: number): Promise<RowFault> {
  let count = 0;
  for await (const { userId, body } of allEntries(journal)) {
    if (++count < entry) continue;
    const key = decodeBody(body).transaction?.id ?? '';
    return { table: 'transactions', userId, key, detail: 'it is missing' };
  }
  throw new Error('an entry that was read before is gone');
}

async function* allHeads(journal: AuditReader): AsyncGenerator<UserHead> {
  let after = -1;
  for (;;) {
    const page = await journal.heads({ after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.userId;
  }
}
