import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import { type AttemptBy, afterRight, attemptLockedForMs } from '../../domain/failed-attempts.ts';
import type { UserId } from '../../ports/store.ts';
import { SecondFactor, type Shown } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Evidence, Macs } from '../decisions/evidence.ts';
import type { Facts, Job, Proposal } from '../decisions/job.ts';
import { attemptBy } from '../lockout/attempt-by.ts';
import { afterWrongPassword } from '../lockout/failed-attempts.ts';
import { isSessionValid, type Session } from '../sessions/session.ts';
import { hasAuthenticator } from '../tokens/authenticators.ts';
import { type NewPassword, passwordReplaced, withNewPassword } from './new-password.ts';
import { isCurrentHash } from './password-hash-id.ts';
import { checkReset } from './reset-password.ts';
import type { User } from './user.ts';
import { checkPassword } from './username.ts';

export interface ChangePasswordRequest {
  readonly session: Session;
  /** The password until now, or the secret of a reset in its place. */
  readonly knows: { readonly password: string } | { readonly reset: string };
  readonly password: string;
  /** Of a token or passkey, where the user has one. */
  readonly shown?: Shown;
  /** The client's network. */
  readonly address: string;
}

export interface ChangedPassword {
  readonly userId: UserId;
}

/** The comparison of the old password, made before the decision. */
interface Compared {
  readonly fits: boolean;
  /** The stored hash that it was compared with; undefined for a reset. */
  readonly phc?: string;
}

/**
 * Changes the password of a session's user:
 *
 * 1. The new password must have an allowed length.
 * 2. While passwords are locked for this session, nothing is hashed. The old password is compared; a wrong one counts,
 *    and locks, as at a log-in.
 * 3. Where the user has a token or passkey, the request must show it: a session that showed one before is not enough.
 * 4. One decision replaces hash and MAC key and ends the other sessions (`passwordReplaced`).
 */
export async function changePassword(
  context: Context,
  request: ChangePasswordRequest,
): Promise<ChangedPassword | Refusal> {
  const { session, knows, password, address } = request;
  const compared = await compare(context, request);
  if ('refused' in compared) return compared;
  const factor = await SecondFactor.of(context, { ...request, act: 'change_password' });
  const submit = async (made: NewPassword | undefined) => {
    const job = new ChangeJob(context, request, compared, factor, made);
    return (await context.decider.submit(job)).result;
  };
  if (!compared.fits && 'password' in knows) return submit(undefined);
  const caller = { address, known: true };
  return withNewPassword(context, { userId: session.userId, password, caller }, submit);
}

async function compare(
  context: Context,
  { session, knows, address }: ChangePasswordRequest,
): Promise<Compared | Refusal> {
  if ('reset' in knows) return { fits: true };
  const { store, passwords, userCache, decider, settings } = context;
  const credentials = await store.findUser(session.username);
  const user = await userCache.getOrLoad(session.userId);
  if (credentials?.userId !== session.userId || !user) return refuse('session_ended');
  const at = decider.now();
  const by = byOf(user, session.sessionId, at);
  const lockedMs = attemptLockedForMs(user.state, by, at, settings.lockout);
  if (lockedMs > 0) return refuse('locked', { retryAfterMs: lockedMs });
  const { passwordHash: phc } = credentials;
  if (checkPassword(knows.password, 0)) return refuse('credentials_invalid');
  const fits = await passwords.verify(phc, knows.password, { address, known: true });
  if (fits === undefined) return refuse('busy', { retryAfterMs: passwords.retryAfterMs() });
  return { fits, phc };
}

function byOf(user: User, sessionId: string, at: number): AttemptBy {
  return attemptBy('password', { by: 'session', sessionId }, user, at);
}

class ChangeJob implements Job<ChangedPassword | Refusal> {
  readonly userId: UserId;
  readonly #context: Context;
  readonly #request: ChangePasswordRequest;
  readonly #compared: Compared;
  readonly #factor: SecondFactor;
  readonly #made: NewPassword | undefined;

  constructor(
    context: Context,
    request: ChangePasswordRequest,
    compared: Compared,
    factor: SecondFactor,
    made: NewPassword | undefined,
  ) {
    this.userId = request.session.userId;
    this.#context = context;
    this.#request = request;
    this.#compared = compared;
    this.#factor = factor;
    this.#made = made;
  }

  evidence(user: User, facts: Facts): Evidence {
    const asked = this.#made && hasAuthenticator(user) && !this.#refusal(user, facts.at);
    return asked ? this.#factor.evidence(user, facts) : [];
  }

  decide(user: User | undefined, facts: Facts, macs: Macs): Proposal<ChangedPassword | Refusal> {
    const { at } = facts;
    const { session, knows } = this.#request;
    if (!user) return { result: refuse('session_ended') };
    const refusal = this.#refusal(user, at);
    if (refusal) return { result: refusal };
    const by = byOf(user, session.sessionId, at);
    const { fits, phc } = this.#compared;
    const made = this.#made;
    if (!made || !fits || (phc !== undefined && !isCurrentHash(user.state, phc))) {
      return this.#wrongPassword(user, by, at);
    }
    const shown = hasAuthenticator(user)
      ? this.#factor.require(user, facts, macs)
      : { state: user.state, detail: {}, rows: [] };
    if ('result' in shown) return shown;
    const { state, rows } = passwordReplaced({ ...user, state: shown.state }, made, session.sessionId);
    return {
      result: { userId: user.id },
      draft: {
        type: 'admin.password_changed',
        detail: {
          ...shown.detail,
          by: user.username,
          ...('reset' in knows ? { method: 'reset' } : {}),
        },
        state: 'reset' in knows ? state : afterRight(state, by),
        ...('challenge' in shown ? { challenge: shown.challenge } : {}),
        rows: [...shown.rows, ...rows],
      },
    };
  }

  /** What is refused without an entry, before anything is compared. */
  #refusal(user: User, at: number): Refusal | undefined {
    const { session, knows } = this.#request;
    if (!isSessionValid(user, session.sessionId, at)) return refuse('session_ended');
    if ('reset' in knows) return checkReset(user, knows.reset, at);
    const { lockout } = this.#context.settings;
    const lockedMs = attemptLockedForMs(user.state, byOf(user, session.sessionId, at), at, lockout);
    return lockedMs > 0 ? refuse('locked', { retryAfterMs: lockedMs }) : undefined;
  }

  #wrongPassword(user: User, by: AttemptBy, at: number): Proposal<Refusal> {
    const { lockout } = this.#context.settings;
    const { state, detail } = afterWrongPassword(user.state, by, at, lockout);
    const reason = 'credentials_invalid';
    return {
      result: refuse(reason, retryAfter(attemptLockedForMs(state, by, at, lockout))),
      draft: { type: 'login.refused', reason, detail, state },
    };
  }
}
