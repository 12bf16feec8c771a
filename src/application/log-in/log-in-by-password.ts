import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import { lockedForMs } from '../../domain/lockout.ts';
import type { UserState } from '../../domain/user-state.ts';
import { LIMITS } from '../../limits.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { SessionProof } from '../../ports/store.ts';
import { CodeFactor } from '../codes/code-factor.ts';
import type { Context } from '../context.ts';
import type { Draft, Facts, Job, Proposal } from '../decisions/job.ts';
import { withCode } from '../idempotency/answer-seal.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { afterWrongPassword } from '../lockout/failed-attempts.ts';
import { padResponseTime } from '../lockout/response-time-padding.ts';
import { UnknownUsers } from '../lockout/unknown-users.ts';
import { openSession } from '../sessions/open-session.ts';
import { makeSessionSecret, type Session } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { checkPassword, checkUsername } from '../users/username.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import { submitLogIn } from './submit-log-in.ts';

export interface LogInRequest {
  readonly username: string;
  readonly password: string;
  readonly code?: string;
  /** Refuse a user who has an active token and shows no code. */
  readonly codeRequired?: boolean;
  readonly address: string;
  /** Where it is from, as the client says; bounded by the caller. */
  readonly label?: string;
  readonly idempotency?: Idempotency;
}

export interface LogIn {
  readonly session: Session;
  /** Resumes the session elsewhere; told once, stored nowhere. */
  readonly secret: string;
  /** A stored answer to the same idempotency key: the session made then. */
  readonly repeated?: boolean;
}

/**
 * Password, then code where there is one. While the password is locked nothing is computed. An unknown user costs
 * the same, answers the same and locks the same as one whose password is wrong.
 */
export class PasswordLogIn {
  readonly #context: Context;
  readonly #line = new KeyedMutex(LIMITS.passwordQueueMax);
  readonly #unknownUsers: UnknownUsers;

  constructor(context: Context) {
    this.#context = context;
    this.#unknownUsers = new UnknownUsers(context.settings.lockout);
  }

  async logIn(request: LogInRequest): Promise<LogIn | Refusal> {
    const { rateLimiter, settings, refusalCounter, passwords } = this.#context;
    const wait = await rateLimiter.take(`log-in/${request.address}`, settings.rateLimits.logIns);
    if (wait > 0) {
      refusalCounter.count('login.refused', 'rate_limited');
      return refuse('rate_limited', { retryAfterMs: wait });
    }
    // What can be nobody's name or password is refused as a wrong one, without the cost of one.
    if (checkUsername(request.username) ?? checkPassword(request.password, 0))
      return refuse('credentials_invalid');
    const startedAt = performance.now();
    const outcome = await this.#line.run(request.username, () => this.#logInAlone(request));
    if (outcome === undefined) return refuse('busy', { retryAfterMs: passwords.retryAfterMs() });
    if ('refused' in outcome && outcome.refused === 'credentials_invalid') {
      await padResponseTime(startedAt, LIMITS.logInRefusalGridMs);
    }
    return outcome;
  }

  /** No other log-in under this name is under way here. */
  async #logInAlone(request: LogInRequest): Promise<LogIn | Refusal> {
    const { store, decider, userCache, passwords, refusalCounter } = this.#context;
    const credentials = await store.findUser(request.username);
    const lockedMs = (user: User | undefined) =>
      lockedForMs(user ? user.state.password : this.#unknownUsers.state(request.username), decider.now());
    let user = credentials && (await userCache.getOrLoad(credentials.userId));
    let locked = lockedMs(user);
    if (user && locked > 0) {
      // Another server may have unlocked them.
      user = await userCache.reload(user.id);
      locked = lockedMs(user);
    }
    if (locked > 0) {
      refusalCounter.count('login.locked', user ? 'locked' : 'user_unknown', user?.id);
      return refuse('locked', { retryAfterMs: locked });
    }
    const fits = await passwords.verify(credentials?.passwordHash, request.password);
    if (fits === undefined) return refuse('busy', { retryAfterMs: passwords.retryAfterMs() });
    if (!user) return this.#refuseUnknown(request.username);

    const secret = makeSessionSecret(user.id, this.#context.random);
    const job = new LogInJob(this.#context, request, user, fits, secret);
    const { code, idempotency } = request;
    const bound =
      fits && idempotency && code !== undefined
        ? await withCode(this.#context, idempotency, code)
        : idempotency;
    return submitLogIn(this.#context, job, secret, fits ? bound : undefined);
  }

  #refuseUnknown(username: string): Refusal {
    const { decider, refusalCounter } = this.#context;
    refusalCounter.count('login.refused', 'user_unknown');
    const locked = this.#unknownUsers.wrong(username, decider.now());
    return refuse('credentials_invalid', retryAfter(locked));
  }
}

class LogInJob implements Job<Session | Refusal> {
  readonly userId: number;
  readonly #context: Context;
  readonly #request: LogInRequest;
  readonly #passwordFits: boolean;
  readonly #secret: string;
  readonly #code: CodeFactor | undefined;

  constructor(context: Context, request: LogInRequest, user: User, passwordFits: boolean, secret: string) {
    this.userId = user.id;
    this.#context = context;
    this.#request = request;
    this.#passwordFits = passwordFits;
    this.#secret = secret;
    const { code } = request;
    if (passwordFits && code !== undefined) {
      this.#code = new CodeFactor(context, code, { lockCountedAs: 'login.locked' });
    }
  }

  evidence(user: User, { at }: Facts): readonly MacRequest[] {
    return this.#code?.evidence(user, at) ?? [];
  }

  decide(
    user: User | undefined,
    { at }: Facts,
    macs: readonly (Uint8Array | undefined)[],
  ): Proposal<Session | Refusal> {
    const { lockout } = this.#context.settings;
    if (!user) return { result: refuse('credentials_invalid') };
    const locked = lockedForMs(user.state.password, at);
    // Locked by another server while this password was computed: the guess does not count, right or wrong.
    if (locked > 0) return { result: refuse('locked', { retryAfterMs: locked }) };
    if (!this.#passwordFits) {
      const { state, detail } = afterWrongPassword(user.state, at, lockout);
      const retryAfterMs = lockedForMs(state.password, at);
      return refused('credentials_invalid', state, detail, retryAfterMs);
    }
    if (user.disabled) return refused('user_disabled', user.state, {}, 0);
    return this.#judgeCode(user, at, macs);
  }

  #judgeCode(user: User, at: number, macs: readonly (Uint8Array | undefined)[]): Proposal<Session | Refusal> {
    if (!this.#code) {
      const { password: _, ...withoutFailures } = user.state;
      // An `ocra` token has codes for transactions alone.
      const wanted = user.tokens.some(({ status, type }) => status === 'active' && type !== 'ocra');
      if (wanted && this.#request.codeRequired) return refused('code_required', user.state, {}, 0);
      return this.#accepted(user, at, withoutFailures, {
        proof: wanted ? 'code_omitted' : withoutLogInCodes(user),
      });
    }
    const judged = this.#code.judge(user, at, macs);
    if (judged.outcome === 'locked') {
      return { result: refuse('locked', { retryAfterMs: judged.retryAfterMs }) };
    }
    if (judged.outcome === 'refused') {
      return refused(judged.reason, judged.state, judged.detail ?? {}, judged.retryAfterMs);
    }
    const { password: _, ...state } = judged.state;
    return this.#accepted(user, at, state, { detail: { token: judged.tokenId } });
  }

  #accepted(
    user: User,
    at: number,
    state: UserState,
    { detail, proof = 'second_factor' }: { readonly detail?: Draft['detail']; readonly proof?: SessionProof },
  ): Proposal<Session> {
    const { label } = this.#request;
    const { session, rows } = openSession(this.#context, user, at, { secret: this.#secret, label, proof });
    return {
      result: session,
      draft: { type: 'login.accepted', ...(detail ? { detail } : {}), state, rows },
    };
  }
}

/** What a password alone proves of a user who has no token for log-in codes. */
function withoutLogInCodes(user: User): SessionProof {
  const hadToken = user.state.hadToken === true || user.tokens.some(({ status }) => status === 'active');
  return hadToken ? 'code_unavailable' : 'no_token';
}

function refused(
  reason: Refusal['refused'],
  state: UserState,
  detail: Readonly<Record<string, string | number>>,
  retryAfterMs: number,
): Proposal<Refusal> {
  return {
    result: refuse(reason, retryAfter(retryAfterMs)),
    draft: { type: 'login.refused', reason, ...(Object.keys(detail).length > 0 ? { detail } : {}), state },
  };
}
