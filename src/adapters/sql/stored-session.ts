import type { SessionProof, SessionRow } from '../../ports/store.ts';

/** A row of the table `sessions`, with the names of the port. */
export type StoredSession = Omit<SessionRow, 'proof'> & {
  /** Null where a version wrote the row that does not know the column. */
  readonly proof: SessionProof | null;
};

/**
 * The words by which versions before the column `proof` say the same in `token_id`. They are written beside it as long
 * as such a version may run on the same database (docs/DECISIONS.md#what-a-session-has-proved-is-a-column).
 */
const WORDS: Readonly<Record<SessionProof, string>> = {
  second_factor: '',
  code_omitted: 'none',
  code_unavailable: 'password',
  no_token: 'before',
};

export function storedSession(session: SessionRow): StoredSession {
  const { kind, proof, tokenId } = session;
  return { ...session, tokenId: kind === 'device' ? tokenId : WORDS[proof] };
}

export function sessionFrom(stored: StoredSession): SessionRow {
  const { kind, tokenId } = stored;
  return {
    ...stored,
    proof: stored.proof ?? proofOf(stored),
    tokenId: kind === 'device' ? tokenId : '',
  };
}

/** What a row without the column proves, by the rule of the versions that wrote such rows. */
function proofOf({ kind, tokenId }: StoredSession): SessionProof {
  if (kind === 'device') return 'second_factor';
  if (kind === 'enrolment') return tokenId === WORDS.no_token ? 'no_token' : 'second_factor';
  switch (tokenId) {
    case WORDS.second_factor:
      return 'second_factor';
    case WORDS.code_omitted:
      return 'code_omitted';
    case WORDS.code_unavailable:
      return 'code_unavailable';
    default:
      return 'no_token';
  }
}
