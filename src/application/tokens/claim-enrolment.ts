import type { KeyObject } from 'node:crypto';
import { isRefusal, type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import { attemptLockedForMs } from '../../domain/failed-attempts.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { LIMITS } from '../../limits.ts';
import type { SessionRow, SideRow, TokenRow, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import { findRecord, type Idempotency, repeated } from '../idempotency/idempotency-record.ts';
import { idempotent, wholeResult } from '../idempotency/idempotent.ts';
import { attemptBy, STRANGER } from '../lockout/attempt-by.ts';
import { afterWrongPassword } from '../lockout/failed-attempts.ts';
import { makeSessionSecret, sessionIdOf } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { logInTokenId } from './device.ts';
import { type DeviceKey, readDeviceKey, sealToDevice } from './device-key.ts';
import { checkParameters, makeSeed, type NewToken } from './enrol-token.ts';
import { userIdOfEnrolmentCode } from './enrolment-code.ts';
import { BY_ADMINISTRATOR } from './invite-device.ts';
import { makeRoom } from './waiting-tokens.ts';

export interface ClaimEnrolmentRequest {
  /** The invitation's code, canonical (`enrolment-code.ts`). */
  readonly code: string;
  readonly deviceKey: DeviceKey;
  readonly label: string;
  /** One token of this type. By default two: `ocra` for approvals and `totp` for log-ins. */
  readonly type?: 'ocra' | 'totp';
  readonly address: string;
  /** Of the user, where an administrator made the invitation. Must not be in the digest. */
  readonly password?: string;
  /** Its digest must cover the code. */
  readonly idempotency?: Idempotency;
}

export interface ClaimedEnrolment {
  readonly userId: UserId;
  /** Compact JWE to the device's key: user name, seeds, the device's session. */
  readonly jwe: string;
  readonly repeated?: boolean;
}

/**
 * Enrols a device by an invitation, which the same decision spends. The tokens are pending until their first code; the
 * device's session opens at once, because it confirms them. The seeds leave the vault this once, encrypted to the
 * device's key. Does NOT check whose key that is: the holder of the invitation names it. An administrator's invitation
 * takes the user's password as well, so that the administrator cannot use it; a wrong one counts like any other.
 */
export async function claimEnrolment(
  context: Context,
  request: ClaimEnrolmentRequest,
): Promise<ClaimedEnrolment | Refusal> {
  const { rateLimiter, settings, refusalCounter, decider, userCache } = context;
  const { code, address, label, idempotency } = request;
  const pace = await rateLimiter.take(`claim/${address}`, settings.rateLimits.logIns);
  if (pace > 0) {
    refusalCounter.count('admin.rate_limited', 'enrolment');
    return refuse('rate_limited', { retryAfterMs: pace });
  }
  const deviceKey = readDeviceKey(request.deviceKey);
  if (!deviceKey) return refuse('device_key_invalid');
  const invalid = checkParameters({ type: 'ocra', label });
  if (invalid) return invalid;
  const userId = userIdOfEnrolmentCode(code);
  const user = userId === undefined ? undefined : await userCache.reload(userId);
  const held = user && invitationOf(user, code, decider.now());
  if (user && held && !isRefusal(held)) {
    const { enrolmentsPerUserMax: countMax, enrolmentsWindowMs: windowMs } = LIMITS;
    const wait = await rateLimiter.take(`enrolment/${user.id}`, { countMax, windowMs });
    if (wait > 0) return refuse('rate_limited', { retryAfterMs: wait });
    const refused = await checkClaimPassword(context, user, held, request.password);
    if (refused) return refused;
    return context.keyLeases.hold(() => enrolDevice(context, request, user, held, deviceKey));
  }
  const kept = user && (await findRecord<ClaimedEnrolment>(context, user.id, idempotency));
  if (kept && !isRefusal(kept)) return repeated(kept);
  refusalCounter.count('code.refused', 'enrolment_unknown');
  return isRefusal(held) ? held : refuse('enrolment_unknown');
}

/** Found by the digest of its code, so that no comparison tells how much of its random bits fits. */
function invitationOf(user: User, code: string, at: number): SessionRow | Refusal {
  const id = sessionIdOf(code);
  const row = user.sessions.find(({ sessionId, kind }) => kind === 'enrolment' && sessionId === id);
  if (!row || user.disabled) return refuse('enrolment_unknown');
  return row.expiresAt > at ? row : refuse('enrolment_expired');
}

async function enrolDevice(
  context: Context,
  { code, label, type, idempotency }: ClaimEnrolmentRequest,
  user: User,
  invitation: SessionRow,
  deviceKey: KeyObject,
): Promise<ClaimedEnrolment | Refusal> {
  const { decider, settings, random } = context;
  const userId = user.id;
  const made = await makeTokens(context, userId, type, label);
  const [{ token: first }] = made;
  const secret = makeSessionSecret(userId, random);
  const createdAt = decider.now();
  const session: SessionRow = {
    ...{ userId, sessionId: sessionIdOf(secret), kind: 'device', label, tokenId: first.tokenId },
    ...{
      proof: 'second_factor',
      provenAt: 0,
      invitedBy: invitation.invitedBy,
      createdAt,
      expiresAt: createdAt + settings.deviceSessionTtlMs,
    },
  };
  const jwe = await sealToDevice(deviceKey, {
    v: 1,
    username: user.username,
    label,
    session: secret,
    session_expires_at: rfc3339(session.expiresAt),
    tokens: made.map(sealedView),
  });
  for (const { seed } of made) seed.fill(0);

  const job: Job<ClaimedEnrolment | Refusal> = {
    userId,
    decide: (user, { at }) => {
      const invitation = user ? invitationOf(user, code, at) : refuse('enrolment_unknown');
      if (!user || isRefusal(invitation)) {
        return { result: isRefusal(invitation) ? invitation : refuse('enrolment_unknown') };
      }
      const lockedMs = invitedByAdministrator(invitation) ? passwordLockedForMs(context, user, at) : 0;
      if (lockedMs > 0) return { result: refuse('locked', { retryAfterMs: lockedMs }) };
      const room = makeRoom(user, made.length, at);
      if (!room) {
        return { result: refuse('tokens_too_many', { detail: `at most ${LIMITS.tokensPerUserMax}` }) };
      }
      const rows: SideRow[] = [
        { kind: 'session.delete', userId, sessionId: invitation.sessionId },
        ...room,
        ...made.map(({ token }) => ({ kind: 'token.insert', token }) as const),
        { kind: 'session.insert', session },
      ];
      const detail = { token: first.tokenId, type: first.type, tokens: made.length, method: 'device' };
      return { result: { userId, jwe }, draft: { type: 'token.enrolled', detail, state: user.state, rows } };
    },
  };
  // The result may be kept as it is: it is encrypted to the device already.
  return (await decider.submit(idempotent(job, idempotency, wholeResult<ClaimedEnrolment>()))).result;
}

function invitedByAdministrator({ invitedBy }: SessionRow): boolean {
  return invitedBy.startsWith(BY_ADMINISTRATOR);
}

function passwordLockedForMs({ settings }: Context, user: User, at: number): number {
  return attemptLockedForMs(user.state, attemptBy('password', STRANGER, user, at), at, settings.lockout);
}

/** @returns undefined where the password fits, or is not asked for */
async function checkClaimPassword(
  context: Context,
  user: User,
  invitation: SessionRow,
  password: string | undefined,
): Promise<Refusal | undefined> {
  if (!invitedByAdministrator(invitation)) return undefined;
  if (password === undefined) return refuse('password_required');
  const { store, passwords, decider, settings } = context;
  const { id: userId, username } = user;
  const lockedMs = passwordLockedForMs(context, user, decider.now());
  if (lockedMs > 0) return refuse('locked', { retryAfterMs: lockedMs });
  const fits = await passwords.verify((await store.findUser(username))?.passwordHash, password);
  if (fits === undefined) return refuse('busy', { retryAfterMs: passwords.retryAfterMs() });
  if (fits) return undefined;
  const { result } = await decider.submit<Refusal>({
    userId,
    decide: (user, { at }) => {
      if (!user) return { result: refuse('enrolment_unknown') };
      const lockedMs = passwordLockedForMs(context, user, at);
      if (lockedMs > 0) return { result: refuse('locked', { retryAfterMs: lockedMs }) };
      const by = attemptBy('password', STRANGER, user, at);
      const { state, detail } = afterWrongPassword(user.state, by, at, settings.lockout);
      const reason = 'credentials_invalid';
      return {
        result: refuse(reason, retryAfter(attemptLockedForMs(state, by, at, settings.lockout))),
        draft: { type: 'login.refused', reason, ...(detail ? { detail } : {}), state },
      };
    },
  });
  return result;
}

async function makeTokens(
  context: Context,
  userId: UserId,
  type: 'ocra' | 'totp' | undefined,
  label: string,
): Promise<readonly [NewToken, ...NewToken[]]> {
  const first = await makeSeed(context, { userId, type: type ?? 'ocra', label });
  if (type !== undefined) return [first];
  const tokenId = logInTokenId(first.token.tokenId);
  return [first, await makeSeed(context, { userId, type: 'totp', label, tokenId })];
}

function sealedView({ token, seed }: NewToken) {
  const { tokenId: id, type, algorithm, digits, periodS, suite, activationQuestion } = token as TokenRow;
  return {
    ...{ id, type, seed: Buffer.from(seed).toString('base64url'), algorithm, digits },
    period_s: periodS,
    ...(type === 'ocra' ? { suite, activation_question: activationQuestion } : {}),
  };
}
