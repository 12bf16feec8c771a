import { ExportLines } from '../../application/journal/export-lines.ts';
import type { UnverifiedEntry } from '../../application/journal/verify-journal.ts';
import { parseExportLine } from '../../domain/journal/export-line.ts';
import type { AuditReader } from '../../ports/journal-reader.ts';
import type { UserId } from '../../ports/store.ts';
import { allEntries, entriesOf, erasedUsers } from './stored-journal.ts';

const CHUNK_LENGTH = 65_536;

/** The lines of an export, in chunks of about 64 KiB: of one user, or of all. */
export async function* exportJournal(
  journal: AuditReader,
  userId: UserId | undefined,
): AsyncGenerator<string> {
  const sealedSize = await journal.log.sealedSize();
  const exported = new ExportLines(sealedSize, await erasedUsers(journal));
  let lines = '';
  for await (const entry of userId === undefined ? allEntries(journal) : entriesOf(journal, userId)) {
    lines += exported.lineOf(entry);
    if (lines.length < CHUNK_LENGTH) continue;
    yield lines;
    lines = '';
  }
  yield lines;
}

/**
 * The entries in the lines of an export. A line that is not one of an export gives an entry that cannot verify, so that
 * verification names it.
 */
export async function* exportedEntries(lines: AsyncIterable<string>): AsyncGenerator<ExportedEntry> {
  for await (const line of lines) if (line.trim() !== '') yield readLine(line);
}

/** `index`: its place in the log, of a sealed entry. */
export type ExportedEntry = UnverifiedEntry & { readonly index?: number };

const MALFORMED: ExportedEntry = { body: 'null', hash: '', form: 'json' };

function readLine(line: string): ExportedEntry {
  const own = parseExportLine(line);
  if (own) {
    const { index, ...entry } = own;
    return { ...entry, form: 'json', ...(index === undefined ? {} : { index }) };
  }
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { ...MALFORMED, body: line };
  }
  if (typeof value !== 'object' || value === null) return MALFORMED;
  const { index, body, previous, hash, ...more } = value as Record<string, unknown>;
  // No hash covers other members, so a line that has them must not pass as verified.
  if (
    Object.keys(more).length > 0 ||
    (index !== undefined && !Number.isSafeInteger(index)) ||
    typeof body !== 'object' ||
    typeof previous !== 'string' ||
    typeof hash !== 'string'
  )
    return MALFORMED;
  return {
    ...{ body: body === null ? null : bodyText(line, body), previous, hash, form: 'json' },
    ...(index === undefined ? {} : { index: index as number }),
  };
}

/** The body's text as the line has it. Parsing would drop the first of two members with the same name. */
function bodyText(line: string, body: unknown): string {
  const start = line.indexOf('{', line.indexOf('"body"'));
  const own = JSON.stringify(body);
  if (line.startsWith(own, start)) return own;
  return sliceOfObject(line, start) ?? own;
}

/** The text from the brace at `start` to its closing brace. */
function sliceOfObject(line: string, start: number): string | undefined {
  let depth = 0;
  for (const match of line.slice(start).matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (match[0] === '{') depth++;
    else if (match[0] === '}' && --depth === 0) return line.slice(start, start + match.index + 1);
  }
  return undefined;
}
