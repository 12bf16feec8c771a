import { type PublicKey, thumbprintOf } from '../../domain/identity/public-key.ts';
import type { RecordedBody } from '../../domain/journal/entry.ts';
import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { IdentityLevel, NamedIdentity } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { intactBody } from '../journal/intact-entry.ts';
import type { User } from '../users/user.ts';

/** An identity as the directory shows it, with the entry that it follows from. */
export interface PublishedIdentity {
  readonly identity: NamedIdentity;
  /** Where the private keys are, as the entry says. */
  readonly custody: 'device' | 'vault';
  /** The entry's index in the log; undefined while it has none. */
  readonly index: number | undefined;
  /** RFC 8785 JSON: who looks compares the thumbprints in it, and its hash with the log's. */
  readonly body: string;
  /** The hash of the user's entry before it, lower-case hex. */
  readonly previous: string;
}

/**
 * Finds the keys of a user that are in force. The row must say what the entries say that enrolled and verified it.
 * @returns undefined where nobody of that name has any
 * @throws ContradictedRow when the row or an entry is not what the journal's hashes cover; StoreUnavailable where an entry is in
 * a file of the archive that is not here
 */
export async function findIdentity(
  context: Context,
  username: string,
): Promise<PublishedIdentity | undefined> {
  const identity = await context.store.findIdentity(username);
  return identity && publish(context, identity);
}

async function publish(context: Context, identity: NamedIdentity): Promise<PublishedIdentity> {
  const { userId, version } = identity;
  const [entry, before] = await context.store.readUserJournal(userId, { below: version + 1, limit: 2 });
  const previous = before?.hash ?? GENESIS_HASH;
  const said = entry && intactBody(entry, previous);
  if (!said || entry.version !== version || !enrols(said, identity)) throw contradicted(context, identity);
  const level = await levelOf(context, identity, said);
  const custody = said.detail?.custody === 'vault' ? 'vault' : 'device';
  return { identity: { ...identity, level }, custody, index: indexOf(entry), body: entry.body, previous };
}

function enrols({ type, detail, user }: RecordedBody, identity: NamedIdentity): boolean {
  if (type !== 'identity.enrolled' || user !== identity.username) return false;
  const { signJwk, sealJwk, signKey, sealKey } = identity;
  return (
    detail?.sign === signKey &&
    detail.seal === sealKey &&
    thumbprintOf(JSON.parse(signJwk) as PublicKey) === signKey &&
    thumbprintOf(JSON.parse(sealJwk) as PublicKey) === sealKey
  );
}

/** How the keys were tied to the person, as the entries say: `operator` stands in an entry of its own. */
async function levelOf(
  context: Context,
  identity: NamedIdentity,
  enrolled: RecordedBody,
): Promise<IdentityLevel> {
  const { level } = enrolled.detail ?? {};
  if (level !== 'self_asserted' && level !== 'factor') throw contradicted(context, identity);
  if (identity.level === level) return level;
  const { userId, version } = identity;
  if (identity.level !== 'operator') throw contradicted(context, identity);
  // A cached user may be of before the verification.
  const verifiedVersion =
    verifiedVersionOf(await context.userCache.getOrLoad(userId), version) ??
    verifiedVersionOf(await context.userCache.reload(userId), version);
  // A version before did not keep which entry it is. The keys then have the level that is shown to follow.
  if (verifiedVersion === undefined) return level;
  const page = { below: verifiedVersion + 1, limit: 2 };
  const [entry, before] = await context.store.readUserJournal(userId, page);
  const said = entry && intactBody(entry, before?.hash ?? GENESIS_HASH);
  if (!said || entry.version !== verifiedVersion || !verifies(said, identity))
    throw contradicted(context, identity);
  return 'operator';
}

function verifiedVersionOf(user: User | undefined, version: number): number | undefined {
  const { identity } = user?.state ?? {};
  return identity?.version === version ? identity.verifiedVersion : undefined;
}

function verifies(
  { type, detail }: RecordedBody,
  { version, signKey, seen, verifiedBy }: NamedIdentity,
): boolean {
  return (
    type === 'admin.identity_verified' &&
    detail?.enrolled === version &&
    detail.sign === signKey &&
    detail.seen === seen &&
    detail.by === verifiedBy
  );
}

function contradicted({ contradictions }: Context, { userId, version }: NamedIdentity): Error {
  return contradictions.found(
    `the identity of entry ${version} of user ${userId} does not follow from its entries`,
  );
}

/** The log's index of an entry: its position in the journal, counted from 0. */
function indexOf({ position }: JournalEntry): number | undefined {
  return position > 0 ? position - 1 : undefined;
}
