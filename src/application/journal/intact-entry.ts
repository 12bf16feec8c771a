import { StoreUnavailable } from '../../domain/errors.ts';
import { decodeBody, type RecordedBody, rfc3339 } from '../../domain/journal/entry.ts';
import { chainHash, GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { Context } from '../context.ts';

/**
 * Checks that an entry's hash covers its body, and that its columns are those of the body. Does NOT check that the hash
 * is the one that was written: an attacker who rewrites a whole chain is found by comparison with a receipt or an export.
 * @param previous the hash of the user's entry before it
 */
export function isIntact({ at, type, version, body, hash }: JournalEntry, previous: string): boolean {
  return (
    chainHash(previous, body) === hash &&
    // The body is canonical: members in order, quotes in strings escaped. So these can stand at its top level only.
    body.startsWith(`{"at":"${rfc3339(at)}",`) &&
    body.includes(`,"type":"${type}","user":`) &&
    body.endsWith(`,"version":${version}}`)
  );
}

/** For an entry of a user who is there, whose body the store keeps no more and no file of the archive here has. */
export function bodyElsewhere(): StoreUnavailable {
  return new StoreUnavailable(
    'an old entry is in a file of the archive that is not on this server: bring it to archive.folder',
  );
}

/**
 * Decodes the body of an entry.
 * @returns undefined when the entry is not intact
 * @throws StoreUnavailable where its body is in a file that is not here
 */
export function intactBody(entry: JournalEntry, previous: string): RecordedBody | undefined {
  if (entry.body === '') throw bodyElsewhere();
  return isIntact(entry, previous) ? decodeBody(entry.body) : undefined;
}

/**
 * Checks an entry against the user's entry before it, read with it. Does NOT check one whose body is not here.
 * @param before undefined for the user's first entry
 * @throws ContradictedRow
 */
export function assertFollows(
  { contradictions }: Context,
  entry: JournalEntry,
  before: JournalEntry | undefined,
): void {
  if (entry.body === '' || isIntact(entry, before?.hash ?? GENESIS_HASH)) return;
  throw contradictions.found(`entry ${entry.version} of user ${entry.userId} is not what its hash covers`);
}

/**
 * Checks an entry that was read without its predecessor, by reading it once more with it.
 * @throws ContradictedRow
 */
export async function assertIntact({ store, contradictions }: Context, entry: JournalEntry): Promise<void> {
  const { userId, version, at } = entry;
  const linked = (await store.findEntriesAt(userId, at)).find((found) => found.version === version);
  if (linked?.body === entry.body && linked.type === entry.type && isIntact(linked, linked.previous)) return;
  throw contradictions.found(`entry ${version} of user ${userId} is not what its hash covers`);
}
