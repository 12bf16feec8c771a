import type { SessionRow } from '../../ports/store.ts';
import { type StoredSession, sessionFrom, storedSession } from './stored-session.ts';

/** A session as an audit compares it: a word for earlier versions that does not fit the row shows in its `tokenId`. */
export function auditedSession(stored: StoredSession): SessionRow {
  const session = sessionFrom(stored);
  const fits = stored.proof === null || storedSession(session).tokenId === stored.tokenId;
  return fits ? session : { ...session, tokenId: stored.tokenId };
}
