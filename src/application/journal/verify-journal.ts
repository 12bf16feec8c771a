import { canonicalJson } from '../../domain/encoding/canonical-json.ts';
import type { RecordedBody } from '../../domain/journal/entry.ts';
import { chainHash, GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import { ErasedChains } from './erased-chains.ts';
import { UserChains } from './user-chains.ts';

/** An entry as read from a store or an export. Nothing about it is trusted. */
export interface UnverifiedEntry {
  /** The body's bytes, as text; null where its user was erased, empty where it is missing. */
  readonly body: string | null;
  /** Lower-case hex. */
  readonly hash: string;
  /** The previous entry's hash, in an export; a store does not repeat it. */
  readonly previous?: string;
  /**
   * `bytes` (from a store): the text must be canonical. `json` (from an export): other programs may have rewritten the
   * text with other blanks or escapes, so the canonical form of its value is hashed.
   */
  readonly form: 'bytes' | 'json';
  /** The chain that the entry belongs to. Default: the user that the body names. */
  readonly chain?: string;
  /** The columns that a store keeps beside the body and answers from; they must match the body. `at` in ms since 1970. */
  readonly columns?: { readonly at: number; readonly type: string; readonly version: number };
}

/** Where a user's chain must end, as known from before. */
export interface ExpectedHead {
  readonly user: string;
  /** The chain, as in the entries. Default: the user's name. */
  readonly chain?: string;
  readonly version: number;
  /** The last hash, if known. */
  readonly hash?: string;
}

export interface JournalFault {
  /** Counted from 1 in reading order: a line of the file, a position of the store. 0: an entry is missing at the end. */
  readonly entry: number;
  readonly user: string;
  readonly version: number;
  readonly reason:
    | 'body_missing'
    | 'erasure_unrecorded'
    | 'body_not_json'
    | 'body_not_canonical'
    | 'body_incomplete'
    | 'hash_malformed'
    | 'version_unexpected'
    | 'previous_unexpected'
    | 'hash_mismatch'
    | 'columns_mismatch'
    | 'index_unexpected'
    | 'truncated';
  /** The expected and the found value. */
  readonly detail: string;
}

export interface JournalVerdict {
  readonly entries: number;
  readonly users: number;
  /** The first fault; `undefined`: the journal is whole, up to the ends that `heads` gives. */
  readonly fault: JournalFault | undefined;
}

/** An entry that fits. */
export interface VerifiedEntry {
  /** Counted from 1 in reading order. */
  readonly entry: number;
  /** The chain that it belongs to (`UnverifiedEntry`). */
  readonly chain: string;
  readonly body: RecordedBody;
  readonly hash: string;
}

/**
 * Checks entries in the journal's order: each body is canonical (RFC 8785), each user's versions are dense from 1, each
 * hash is SHA-256(previous hash ‖ body) with 32 zero bytes before the first, and a store's columns match the body. This
 * finds a changed, missing, reordered or added entry; entries missing at a user's end are found only with `heads`. An entry
 * without a body must be of a chain that an erasure names (`ErasedChains`). Stops at the first fault. Keeps about a hundred bytes a user and nothing an entry. `onVerified` is called with each entry that fits.
 *
 * Does NOT check who wrote the journal: anyone who can rewrite all of a user's entries can make a valid chain.
 */
export async function verifyJournal(
  found: AsyncIterable<UnverifiedEntry>,
  heads?: AsyncIterable<ExpectedHead> | Iterable<ExpectedHead>,
  onVerified?: (entry: VerifiedEntry) => void,
  onErased?: (entry: Pick<VerifiedEntry, 'entry' | 'hash'>) => void,
): Promise<JournalVerdict> {
  const chains = new UserChains();
  const erased = new ErasedChains();
  let entries = 0;
  for await (const entry of found) {
    entries++;
    if (entry.body === null) {
      const fault = checkErased(entry, entries, chains, erased);
      if (fault) return { entries, users: chains.size, fault };
      onErased?.({ entry: entries, hash: entry.hash });
      continue;
    }
    const checked = checkEntry({ ...entry, body: entry.body }, entries, chains);
    if ('reason' in checked) return { entries, users: chains.size, fault: checked };
    erased.note(checked.body);
    onVerified?.(checked);
  }
  const unexplained = erased.firstUnexplained();
  if (unexplained !== undefined) {
    const fault: JournalFault = {
      ...{ entry: unexplained, user: '', version: 0 },
      reason: 'erasure_unrecorded',
      detail: 'it has no body, and no entry records that its user was erased',
    };
    return { entries, users: chains.size, fault };
  }
  for await (const head of heads ?? []) {
    const fault = checkHead(head, chains);
    if (fault) return { entries, users: chains.size, fault };
  }
  return { entries, users: chains.size, fault: undefined };
}

const HASH = /^[0-9a-f]{64}$/;

/** Checks an entry without its body: its place in its chain, and no more. */
function checkErased(
  { chain, previous: given, hash, columns }: UnverifiedEntry,
  count: number,
  chains: UserChains,
  erased: ErasedChains,
): JournalFault | undefined {
  const before = chain === undefined ? undefined : chains.find(chain);
  const previous = chain === undefined ? given : (before?.hash ?? GENESIS_HASH);
  const version = columns?.version ?? 0;
  const fault = (reason: JournalFault['reason'], detail: string): JournalFault => ({
    ...{ entry: count, user: '', version, reason, detail },
  });
  if (!HASH.test(hash)) return fault('hash_malformed', `found ${shortened(hash)}`);
  const expected = (before?.version ?? 0) + 1;
  if (columns && version !== expected)
    return fault('version_unexpected', `expected version ${expected} of this user`);
  if (previous === undefined || !erased.add(previous, hash, count))
    return fault('previous_unexpected', 'it continues no entries of an erased user');
  if (chain !== undefined) chains.put(chain, version, hash);
  return undefined;
}

/** Checks an entry against its user's chain, then extends the chain by it. */
function checkEntry(
  entry: UnverifiedEntry & { readonly body: string },
  count: number,
  chains: UserChains,
): JournalFault | VerifiedEntry {
  const body = readBody(entry);
  const user = 'user' in body ? body.user : '';
  const version = 'version' in body ? body.version : 0;
  const fault = (reason: JournalFault['reason'], detail: string): JournalFault => ({
    entry: count,
    user,
    version,
    reason,
    detail,
  });
  if ('reason' in body) return fault(body.reason, body.detail);

  const key = entry.chain ?? user;
  const chain = chains.find(key);
  const expected = (chain?.version ?? 0) + 1;
  if (version !== expected) return fault('version_unexpected', `expected version ${expected} of this user`);
  const previous = chain?.hash ?? GENESIS_HASH;
  if (entry.previous !== undefined && entry.previous !== previous) {
    return fault('previous_unexpected', `expected ${previous}, found ${shortened(entry.previous)}`);
  }
  if (!HASH.test(entry.hash)) return fault('hash_malformed', `found ${shortened(entry.hash)}`);
  const hash = chainHash(previous, body.canonical);
  if (hash !== entry.hash)
    return fault('hash_mismatch', `the body and what is before it give ${hash}, found ${entry.hash}`);
  const { columns } = entry;
  if (columns && !columnsMatch(columns, body)) {
    return fault('columns_mismatch', `beside the body stands ${shortened(JSON.stringify(columns))}`);
  }
  chains.put(key, version, hash);
  const { renamed } = body.value.detail ?? {};
  // A removed user goes on under another name, and their old one is free.
  if (entry.chain === undefined && body.type === 'admin.user_removed' && typeof renamed === 'string') {
    chains.rename(user, renamed);
  }
  return { entry: count, chain: key, body: body.value, hash };
}

interface ReadBody {
  readonly user: string;
  readonly version: number;
  readonly at: string;
  readonly type: string;
  readonly canonical: string;
  readonly value: RecordedBody;
}

function columnsMatch(
  { at, type, version }: NonNullable<UnverifiedEntry['columns']>,
  body: ReadBody,
): boolean {
  return at === Date.parse(body.at) && type === body.type && version === body.version;
}

function readBody({ body, form }: UnverifiedEntry & { readonly body: string }):
  | ReadBody
  | {
      readonly user?: string;
      readonly version?: number;
      readonly reason: JournalFault['reason'];
      readonly detail: string;
    } {
  if (body === '')
    return { reason: 'body_missing', detail: 'it was archived, and no file of the archive here has it' };
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { reason: 'body_not_json', detail: 'the body is not JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { reason: 'body_not_json', detail: 'the body is no object' };
  const { user, version, type, at } = value as Record<string, unknown>;
  const complete =
    typeof user === 'string' &&
    Number.isSafeInteger(version) &&
    typeof type === 'string' &&
    typeof at === 'string';
  if (!complete) return { reason: 'body_incomplete', detail: 'the body needs at, type, user and version' };
  const named = { user, version: version as number };
  const read = { ...named, at, type, value: value as RecordedBody };
  const canonical = canonicalJson(value);
  if (canonical === body) return { ...read, canonical };
  if (form === 'bytes')
    return { ...named, reason: 'body_not_canonical', detail: 'its canonical form (RFC 8785) is other bytes' };
  // Readers differ in which member of a repeated name they take, so not all of them see the canonical form.
  if (countMembersInText(body) !== countMembers(value))
    return { ...named, reason: 'body_not_canonical', detail: 'a name is in it twice' };
  return { ...read, canonical };
}

function checkHead(
  { user, chain: key = user, version, hash }: ExpectedHead,
  chains: UserChains,
): JournalFault | undefined {
  const chain = chains.find(key);
  const last = chain?.version ?? 0;
  if (last !== version) {
    return {
      entry: 0,
      user,
      version: last + 1,
      reason: 'truncated',
      detail: `expected entries up to version ${version}, found ${last}`,
    };
  }
  if (hash !== undefined && hash !== chain?.hash) {
    return {
      entry: 0,
      user,
      version,
      reason: 'hash_mismatch',
      detail: `expected the last hash ${shortened(hash)}, found ${chain?.hash}`,
    };
  }
  return undefined;
}

/** Counts the members of all objects in a JSON text, by the colons outside strings. */
function countMembersInText(json: string): number {
  return json.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
}

/** Counts the members of all objects in a parsed value. */
function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, member) => sum + countMembers(member), own);
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
