import { decodeBody } from '../../domain/journal/entry.ts';
import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { NamedIdentity } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { isIntact } from '../journal/intact-entry.ts';

/** An identity as the directory shows it, with the entry that it follows from. */
export interface PublishedIdentity {
  readonly identity: NamedIdentity;
  /** The entry's index in the log; undefined while it has none. */
  readonly index: number | undefined;
  /** RFC 8785 JSON: who looks compares the thumbprints in it, and its hash with the log's. */
  readonly body: string;
  /** The hash of the user's entry before it, lower-case hex. */
  readonly previous: string;
}

/**
 * Finds the keys of a user that are in force. The row must say what the entry says that enrolled it.
 * @returns undefined where nobody of that name has any
 * @throws ContradictedRow when the row or the entry is not what the journal's hashes cover
 */
export async function findIdentity(
  context: Context,
  username: string,
): Promise<PublishedIdentity | undefined> {
  const identity = await context.store.findIdentity(username);
  return identity && publish(context, identity);
}

async function publish(context: Context, identity: NamedIdentity): Promise<PublishedIdentity> {
  const { store, contradictions } = context;
  const { userId, version } = identity;
  const [entry, before] = await store.readUserJournal(userId, { below: version + 1, limit: 2 });
  const previous = before?.hash ?? GENESIS_HASH;
  if (!entry || entry.version !== version || !isIntact(entry, previous) || !enrols(entry, identity))
    throw contradictions.found(`the identity of entry ${version} of user ${userId} is not what it enrolled`);
  return { identity, index: indexOf(entry), body: entry.body, previous };
}

function enrols(entry: JournalEntry, { signKey, sealKey }: NamedIdentity): boolean {
  const { type, detail } = decodeBody(entry.body);
  return type === 'identity.enrolled' && detail?.sign === signKey && detail.seal === sealKey;
}

/** The log's index of an entry: its position in the journal, counted from 0. */
function indexOf({ position }: JournalEntry): number | undefined {
  return position > 0 ? position - 1 : undefined;
}
