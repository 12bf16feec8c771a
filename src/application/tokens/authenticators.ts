import type { SessionRow, SideRow, TokenRow } from '../../ports/store.ts';
import { changed, isProven } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { deviceIdOf, endSessions, tokensOfDevice } from './device.ts';

/** Whether the user has something to show beside the password: an active token or a passkey. */
export function hasAuthenticator({ tokens, passkeys }: User): boolean {
  return passkeys.length > 0 || tokens.some(({ status }) => status === 'active');
}

/** Whether they have one, or had one that was revoked. To such a user a session of the password alone has shown too little. */
export function hadAuthenticator(user: User): boolean {
  return user.state.hadToken === true || hasAuthenticator(user);
}

/** Whether log-ins ask for a code: those of an `ocra` token are for transactions and acts alone. */
export function hasLogInCodes({ tokens }: User): boolean {
  return tokens.some(({ status, type }) => status === 'active' && type !== 'ocra');
}

/** What confirms a user's first authenticator. */
export interface FirstAuthenticator {
  /** The session in which it is confirmed; undefined for the operator's command. */
  readonly session?: SessionRow | undefined;
  /** The device of the token that is confirmed; undefined for a passkey. */
  readonly deviceId?: string;
}

/**
 * What a user's first authenticator ends, because the password alone made it and somebody else may have that:
 *
 * - waiting tokens and sessions of other devices, and invitations, end;
 * - a log-in of the password alone becomes what a new one would be now: it is none over REST where a code is asked
 *   for at the log-in (`code_omitted`), and over TCP each of its transactions shows one (`authorise-job.ts`). The log-in that invited the confirmed device goes on there, having shown nothing.
 *
 * Where the user has a passkey or an `ocra` token already, the first token for log-ins still changes the log-ins of the
 * password alone; then nothing.
 *
 * Why: docs/DECISIONS.md#the-first-authenticator-ends-what-the-password-made
 */
export function endedByFirst(user: User, { session, deviceId }: FirstAuthenticator): readonly SideRow[] {
  const asksForCodes =
    deviceId !== undefined && tokensOfDevice(user, deviceId).some(({ type }) => type !== 'ocra');
  const others = user.sessions.filter(({ sessionId }) => sessionId !== session?.sessionId);
  const logIns = others
    .filter((row) => row.kind === 'login' && !isProven(row))
    .flatMap((row) => {
      const invited = session?.invitedBy === inviterOf(row);
      return changed(row, { proof: asksForCodes && !invited ? 'code_omitted' : 'code_unavailable' });
    });
  if (hasAuthenticator(user)) return asksForCodes && !hasLogInCodes(user) ? logIns : [];
  const ended = others.filter(
    ({ kind, tokenId }) => kind === 'enrolment' || (kind === 'device' && deviceIdOf(tokenId) !== deviceId),
  );
  const devices = new Set(ended.map(({ tokenId }) => deviceIdOf(tokenId)));
  const waiting = user.tokens.filter(({ tokenId }) => deviceIdOf(tokenId) !== deviceId);
  return [
    // The operator may have enrolled several: `firstConfirmedAt` keeps those from everyone else.
    ...revoked(waiting.filter(({ tokenId }) => session !== undefined || devices.has(deviceIdOf(tokenId)))),
    ...endSessions(ended),
    ...logIns,
  ];
}

/** The `invitedBy` of an invitation that this session makes. */
export function inviterOf({ sessionId }: Pick<SessionRow, 'sessionId'>): string {
  return `session/${sessionId}`;
}

/** The rows that revoke tokens which were never confirmed. */
export function revoked(tokens: readonly TokenRow[]): readonly SideRow[] {
  return tokens.map(({ userId, tokenId }) => ({ kind: 'token.update', userId, tokenId, status: 'revoked' }));
}
