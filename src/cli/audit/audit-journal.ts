import { UserChains } from '../../application/journal/user-chains.ts';
import type { ExpectedHead, UnverifiedEntry } from '../../application/journal/verify-journal.ts';
import type { JournalReader } from '../../compose.ts';
import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import type { JournalEntry, UserId } from '../../ports/store.ts';

const PAGE = 1_024;
const USER_ENTRIES_HELD_MAX = 8_192;

/** All entries in the journal's order, up to what is there when it comes to them. */
async function* allEntries(journal: JournalReader): AsyncGenerator<JournalEntry> {
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
 * One user's entries, oldest first. The store pages from the newest: few are turned round in memory, of many the whole
 * journal is read instead.
 */
async function* entriesOf(journal: JournalReader, userId: UserId): AsyncGenerator<JournalEntry> {
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

/** The export's lines, some at a time: `{"body":…,"previous":"…","hash":"…"}`. */
export async function* exportLines(
  journal: JournalReader,
  userId: UserId | undefined,
): AsyncGenerator<string> {
  const chains = new UserChains();
  let lines = '';
  for await (const { userId: user, version, body, hash } of userId === undefined
    ? allEntries(journal)
    : entriesOf(journal, userId)) {
    const key = String(user);
    const previous = chains.find(key)?.hash ?? GENESIS_HASH;
    chains.put(key, version, hash);
    lines += `{"body":${body},"previous":"${previous}","hash":"${hash}"}\n`;
    if (lines.length < 65_536) continue;
    yield lines;
    lines = '';
  }
  yield lines;
}

/** What a store holds, to be verified while a server may be adding to it. */
export class StoredJournal {
  readonly #journal: JournalReader;
  #last = 0;

  constructor(journal: JournalReader) {
    this.#journal = journal;
  }

  async *entries(): AsyncGenerator<UnverifiedEntry> {
    for await (const { position, userId, body, hash, at, type, version } of allEntries(this.#journal)) {
      this.#last = position;
      yield { body, hash, form: 'bytes', chain: String(userId), columns: { at, type, version } };
    }
  }

  /** Where users end, to be read after the entries: those that went on since are left out. */
  async *heads(): AsyncGenerator<ExpectedHead> {
    let after = -1;
    for (;;) {
      const page = await this.#journal.heads({ after, limit: PAGE });
      for (const { userId, version, position } of page) {
        if (position <= this.#last) yield { user: `#${userId}`, chain: String(userId), version };
      }
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      after = last.userId;
    }
  }
}

/** The lines of an export. One that is none of an export gives an entry that fits nothing, so that it is named. */
export async function* exportedEntries(lines: AsyncIterable<string>): AsyncGenerator<UnverifiedEntry> {
  for await (const line of lines) if (line.trim() !== '') yield readLine(line);
}

const MALFORMED: UnverifiedEntry = { body: 'null', hash: '', form: 'json' };

/** As `exportLines` writes it: the body is taken as it stands, and whoever verifies it reads it as JSON. */
const LINE = /^\{"body":(\{.*\}),"previous":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}$/;

function readLine(line: string): UnverifiedEntry {
  const [, own, ownPrevious, ownHash] = LINE.exec(line) ?? [];
  if (own !== undefined && ownPrevious !== undefined && ownHash !== undefined) {
    return { body: own, previous: ownPrevious, hash: ownHash, form: 'json' };
  }
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { ...MALFORMED, body: line };
  }
  if (typeof value !== 'object' || value === null) return MALFORMED;
  const { body, previous, hash, ...more } = value as Record<string, unknown>;
  // What no hash covers has no place in a line that is said to be verified.
  if (
    Object.keys(more).length > 0 ||
    typeof body !== 'object' ||
    typeof previous !== 'string' ||
    typeof hash !== 'string'
  )
    return MALFORMED;
  return { body: bodyText(line, body), previous, hash, form: 'json' };
}

/** The body as it is written in the line: names that are in it twice must not vanish by parsing. */
function bodyText(line: string, body: unknown): string {
  const start = line.indexOf('{', line.indexOf('"body"'));
  const own = JSON.stringify(body);
  if (line.startsWith(own, start)) return own;
  return sliceOfObject(line, start) ?? own;
}

/** From the brace at `start` to the one that closes it. */
function sliceOfObject(line: string, start: number): string | undefined {
  let depth = 0;
  for (const match of line.slice(start).matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (match[0] === '{') depth++;
    else if (match[0] === '}' && --depth === 0) return line.slice(start, start + match.index + 1);
  }
  return undefined;
}
