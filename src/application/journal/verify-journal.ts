import { canonicalJson } from '../../domain/encoding/canonical-json.ts';
import { chainHash, GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import { UserChains } from './user-chains.ts';

/** An entry as it is found in a store or in an export. Nothing about it is believed. */
export interface UnverifiedEntry {
  /** The body's bytes as text. */
  readonly body: string;
  /** Lower-case hex. */
  readonly hash: string;
  /** As an export names it; a store keeps it with the user's entry before. */
  readonly previous?: string;
  /**
   * `bytes` (of a store): the text must be canonical. `json` (of an export): the text may have been written anew by
   * other programs, with other blanks or escapes, and the canonical form of what it says is what counts.
   */
  readonly form: 'bytes' | 'json';
  /** Whose chain it belongs to; by default the user that the body names. */
  readonly chain?: string;
  /** What a store keeps beside the body, and answers from: it must say what the body says. `at` in ms since 1970. */
  readonly columns?: { readonly at: number; readonly type: string; readonly version: number };
}

/** Where a user's entries must end: what was known before. */
export interface ExpectedHead {
  readonly user: string;
  /** As of the entries; by default the user's name. */
  readonly chain?: string;
  readonly version: number;
  /** When known. */
  readonly hash?: string;
}

export interface JournalFault {
  /** Counted from 1 in the order found: a line of the file, a position of the store. 0: no entry, one is missing at the end. */
  readonly entry: number;
  readonly user: string;
  readonly version: number;
  readonly reason:
    | 'body_not_json'
    | 'body_not_canonical'
    | 'body_incomplete'
    | 'hash_malformed'
    | 'version_unexpected'
    | 'previous_unexpected'
    | 'hash_mismatch'
    | 'columns_mismatch'
    | 'truncated';
  /** What was expected and what was found. */
  readonly detail: string;
}

export interface JournalVerdict {
  readonly entries: number;
  readonly users: number;
  /** The first entry that does not fit; `undefined`: the journal is whole, as far as `heads` told where it ends. */
  readonly fault: JournalFault | undefined;
}

/**
 * Checks entries in the journal's order: each body canonical (RFC 8785), each user's versions dense from 1, each hash
 * SHA-256(previous hash ‖ body) with 32 zero bytes before the first, and what a store keeps beside a body the same. So a changed, missing, reordered or added entry is
 * found; entries missing at a user's end are found by `heads` alone. Stops at the first fault. Keeps about a hundred
 * bytes a user, and nothing an entry.
 *
 * Has NOT checked who wrote the journal: whoever can rewrite all of a user's entries can make a chain that fits.
 */
export async function verifyJournal(
  found: AsyncIterable<UnverifiedEntry>,
  heads?: AsyncIterable<ExpectedHead> | Iterable<ExpectedHead>,
): Promise<JournalVerdict> {
  const chains = new UserChains();
  let entries = 0;
  for await (const entry of found) {
    entries++;
    const fault = follow(entry, entries, chains);
    if (fault) return { entries, users: chains.size, fault };
  }
  for await (const head of heads ?? []) {
    const fault = endOf(head, chains);
    if (fault) return { entries, users: chains.size, fault };
  }
  return { entries, users: chains.size, fault: undefined };
}

const HASH = /^[0-9a-f]{64}$/;

/** Checks one entry against its user's chain and takes it in. */
function follow(entry: UnverifiedEntry, count: number, chains: UserChains): JournalFault | undefined {
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
    return fault('previous_unexpected', `expected ${previous}, found ${shown(entry.previous)}`);
  }
  if (!HASH.test(entry.hash)) return fault('hash_malformed', `found ${shown(entry.hash)}`);
  const hash = chainHash(previous, body.canonical);
  if (hash !== entry.hash)
    return fault('hash_mismatch', `the body and what is before it give ${hash}, found ${entry.hash}`);
  const { columns } = entry;
  if (columns && !saysTheSame(columns, body)) {
    const told = shown(JSON.stringify(columns));
    return fault('columns_mismatch', `beside the body stands ${told}`);
  }
  chains.put(key, version, hash);
  return undefined;
}

interface ReadBody {
  readonly user: string;
  readonly version: number;
  readonly at: string;
  readonly type: string;
  readonly canonical: string;
}

function saysTheSame(
  { at, type, version }: NonNullable<UnverifiedEntry['columns']>,
  body: ReadBody,
): boolean {
  return at === Date.parse(body.at) && type === body.type && version === body.version;
}

function readBody({ body, form }: UnverifiedEntry):
  | ReadBody
  | {
      readonly user?: string;
      readonly version?: number;
      readonly reason: JournalFault['reason'];
      readonly detail: string;
    } {
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
  const read = { ...named, at, type };
  const canonical = canonicalJson(value);
  if (canonical === body) return { ...read, canonical };
  if (form === 'bytes')
    return { ...named, reason: 'body_not_canonical', detail: 'its canonical form (RFC 8785) is other bytes' };
  // Of a name that is there twice readers take different ones: what is canonical then is not what all of them see.
  if (membersWritten(body) !== membersOf(value))
    return { ...named, reason: 'body_not_canonical', detail: 'a name is in it twice' };
  return { ...read, canonical };
}

function endOf(
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
      detail: `expected the last hash ${shown(hash)}, found ${chain?.hash}`,
    };
  }
  return undefined;
}

/** Members of all objects in a text that is JSON, by its colons outside strings. */
function membersWritten(json: string): number {
  return json.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, member) => sum + membersOf(member), own);
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
