import { encodeBody } from '../../domain/journal/entry.ts';
import { chainHash } from '../../domain/journal/hash-chain.ts';
import { encodeState } from '../../domain/user-state.ts';
import type { Random } from '../../ports/random.ts';
import { recordedRows } from '../journal/rows/recorded-rows.ts';
import type { User } from '../users/user.ts';
import type { ChainedEntry, Draft } from './job.ts';

const SALT_BYTES = 16;

/**
 * Makes the user's next entry from a draft. The first one gets a random `salt`: the log publishes hashes, and with the salt in
 * the first of a chain nobody can tell by guessing what an entry of it says.
 * @param now the time of the decision, ms since 1970
 */
export function chainEntry(user: User, draft: Draft, now: number, random: Random): ChainedEntry {
  const version = user.version + 1;
  // A clock that was put back does not reverse the order of a user's entries.
  const at = Math.max(now, user.at);
  const { type, reason, transaction } = draft;
  const detail = version === 1 ? { ...draft.detail, salt: saltOf(random) } : draft.detail;
  const rows = draft.rows && recordedRows(draft.rows);
  const recorded = rows === undefined ? detail : { ...detail, rows };
  const body = encodeBody({ at, detail: recorded, reason, transaction, type, user: user.username, version });
  return {
    userId: user.id,
    version,
    at,
    type,
    state: encodeState(draft.state),
    body,
    previous: user.hash,
    hash: chainHash(user.hash, body),
    challenge: draft.challenge,
    reason,
    detail,
  };
}

function saltOf(random: Random): string {
  return Buffer.from(random.bytes(SALT_BYTES)).toString('base64url');
}
