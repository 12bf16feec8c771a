import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { withoutAttempts } from '../../domain/failed-attempts.ts';
import type { SideRow, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Draft, Job } from '../decisions/job.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent } from '../idempotency/idempotent.ts';
import { findValidSession, isProvenSince, type Session } from '../sessions/session.ts';
import { revoked } from '../tokens/authenticators.ts';
import { deviceIdOf, endSessions, sessionsOfDevice, tokensOfDevice } from '../tokens/device.ts';
import type { User } from './user.ts';
import { isRemovedName, removedName } from './username.ts';

/** Of the random suffix of a removed user's name. */
const SUFFIX_BYTES = 8;

type Change = (user: User, at: number) => Draft | Refusal;

/** The administrator's name and idempotency key over the API. The operator at the command line has neither. */
export interface Act {
  readonly by?: string;
  /** Of the user themselves, who revokes a token of their own. */
  readonly session?: Session;
  readonly idempotency?: Idempotency;
}

export interface AdministeredUser {
  readonly userId: UserId;
  /** A repeat of an idempotency key: nothing was done again. */
  readonly repeated?: boolean;
}

/** Commits the entry that `make` drafts. @returns `user_unknown`, or the refusal of `make` or `conflict` */
async function change(
  context: Context,
  userId: UserId,
  { by, idempotency }: Act,
  make: Change,
  conflict?: () => Refusal,
): Promise<AdministeredUser | Refusal> {
  const job: Job<AdministeredUser | Refusal> = {
    userId,
    decide: (user, { at }) => {
      if (!user || user.version === 0) return { result: refuse('user_unknown') };
      const draft = make(user, at);
      if ('refused' in draft) return { result: draft };
      return {
        result: { userId },
        draft: by === undefined ? draft : { ...draft, detail: { ...draft.detail, by } },
      };
    },
    ...(conflict ? { conflict } : {}),
  };
  const codec = {
    keep: (changed: AdministeredUser) => changed.userId,
    again: (id: UserId): AdministeredUser => ({ userId: id, repeated: true }),
  };
  const { result } = await context.decider.submit(idempotent(job, idempotency, codec));
  return result;
}

/** Disables a user: no log-in and no transaction until enabled. The same decision ends every session. */
export function disableUser(
  context: Context,
  userId: UserId,
  act: Act = {},
): Promise<AdministeredUser | Refusal> {
  return change(context, userId, act, (user) => {
    const rows: SideRow[] = [
      { kind: 'user.update', userId, disabled: true },
      { kind: 'session.delete_all', userId },
    ];
    return { type: 'admin.user_disabled', state: user.state, rows };
  });
}

export function enableUser(
  context: Context,
  userId: UserId,
  act: Act = {},
): Promise<AdministeredUser | Refusal> {
  return change(context, userId, act, (user) => ({
    type: 'admin.user_enabled',
    state: user.state,
    rows: [{ kind: 'user.update', userId, disabled: false }],
  }));
}

/**
 * Removes a user for good: every way in ends and the name is free. Waiting transactions expire. The journal
 * stays, and the row keeps password hash and wrapped keys under another name (`removedName`), disabled: they open nothing.
 * Where an older user's name looks like that one, the name gets a suffix that nobody can foresee.
 *
 * Why: docs/DECISIONS.md#a-removed-user-keeps-their-row
 */
export async function removeUser(
  context: Context,
  userId: UserId,
  act: Act = {},
): Promise<AdministeredUser | Refusal> {
  const removed = await removeAs(context, userId, act, removedName(userId));
  if (!isRefusal(removed) || removed.refused !== 'username_taken') return removed;
  const suffix = Buffer.from(context.random.bytes(SUFFIX_BYTES)).toString('hex');
  return removeAs(context, userId, act, removedName(userId, suffix));
}

function removeAs(
  context: Context,
  userId: UserId,
  act: Act,
  username: string,
): Promise<AdministeredUser | Refusal> {
  const remove: Change = (user) => {
    if (isRemovedName(user.username, userId)) return refuse('user_unknown');
    const { passwordReset: _, recovery: __, ...state } = user.state;
    return {
      type: 'admin.user_removed',
      detail: { renamed: username },
      state,
      rows: [
        { kind: 'user.rename', userId, from: user.username, username },
        { kind: 'user.update', userId, disabled: true },
        { kind: 'session.delete_all', userId },
        ...revoked(user.tokens),
        ...user.passkeys.map(
          ({ credentialId }) => ({ kind: 'passkey.delete', userId, credentialId }) as const,
        ),
      ],
    };
  };
  return change(context, userId, act, remove, () => refuse('username_taken'));
}

/** Clears the failed attempts at password, code and MAC, and so the locks that they caused. */
export function unlockUser(
  context: Context,
  userId: UserId,
  act: Act = {},
): Promise<AdministeredUser | Refusal> {
  return change(context, userId, act, (user) => {
    const { mac: _, ...state } = withoutAttempts(user.state);
    return { type: 'admin.user_unlocked', state };
  });
}

/**
 * Revokes a token with the other token of its device: their codes are refused from now on, and the device's sessions
 * end. The seeds stay in the store, wrapped, and open nothing. Their user's session must have shown an authenticator
 * freshly, unless the token was never confirmed. A device may revoke itself.
 *
 * Why: docs/DECISIONS.md#revoking-asks-for-a-fresh-code
 */
export function revokeToken(
  context: Context,
  userId: UserId,
  tokenId: string,
  act: Act = {},
): Promise<AdministeredUser | Refusal> {
  return change(context, userId, act, (user, at) => {
    if (!user.tokens.some((token) => token.tokenId === tokenId)) return refuse('token_unknown');
    const deviceId = deviceIdOf(tokenId);
    const ofDevice = tokensOfDevice(user, deviceId);
    const revoked = ofDevice.map((token) => token.tokenId);
    const confirmed = ofDevice.some(({ status }) => status === 'active');
    const { session } = act;
    if (session) {
      const held = findValidSession(user, session.sessionId, at);
      if (!held) return refuse('session_ended');
      const asked = confirmed && held.kind === 'login';
      if (asked && !isProvenSince(held, at, context.settings.proofTtlMs)) return refuse('proof_required');
    }
    const tokens = Object.entries(user.state.tokens ?? {}).filter(([id]) => !revoked.includes(id));
    return {
      type: 'token.revoked',
      detail: { token: tokenId, ...(revoked.length > 1 ? { tokens: revoked.length } : {}) },
      state: { ...user.state, tokens: Object.fromEntries(tokens), ...(confirmed ? { hadToken: true } : {}) },
      rows: [
        ...revoked.map((id) => ({ kind: 'token.update', userId, tokenId: id, status: 'revoked' }) as const),
        ...endSessions(sessionsOfDevice(user, deviceId)),
      ],
    };
  });
}
