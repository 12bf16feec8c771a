import { encodeBody } from '../../domain/journal/entry.ts';
import { chainHash } from '../../domain/journal/hash-chain.ts';
import { encodeState } from '../../domain/user-state.ts';
import { recordedRows } from '../journal/rows/recorded-rows.ts';
import type { User } from '../users/user.ts';
import type { ChainedEntry, Draft } from './job.ts';

/** Makes the user's next entry from a draft. `now`: the time of the decision, ms since 1970. */
export function chainEntry(user: User, draft: Draft, now: number): ChainedEntry {
  const version = user.version + 1;
  // A clock that was put back does not reverse the order of a user's entries.
  const at = Math.max(now, user.at);
  const { type, reason, detail, transaction } = draft;
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
