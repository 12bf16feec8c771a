import { type Refusal, type RefusalCode, refuse, retryAfter } from '../../domain/errors.ts';
import { attemptLockedForMs } from '../../domain/failed-attempts.ts';
import { lockedForMs } from '../../domain/lockout.ts';
import { LIMITS } from '../../limits.ts';
import type { Credentials, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { boundToCode } from '../idempotency/bound-to-code.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { type Asker, attemptBy, STRANGER } from '../lockout/attempt-by.ts';
import { padResponseTime } from '../lockout/response-time-padding.ts';
import { UnknownUsers } from '../lockout/unknown-users.ts';
import { readKnownDevice } from '../sessions/known-device.ts';
import { makeSessionSecret, type Session } from '../sessions/session.ts';
import type { User } from '../users/user.ts';
import { checkPassword, checkUsername } from '../users/username.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import { PasswordLogInJob } from './password-log-in-job.ts';
import { RecentLogIns } from './recent-log-ins.ts';
import { type LogIn, submitLogIn } from './submit-log-in.ts';

export interface LogInRequest {
  readonly username: string;
  readonly password: string;
  readonly code?: string;
  /** Refuse a user who has an active token and shows no code. */
  readonly codeRequired?: boolean;
  readonly address: string;
  /** Label that the client chose for itself; the caller limits its length. */
  readonly label?: string;
  readonly idempotency?: Idempotency;
  /** Of the caller, where they resumed one before: strangers' wrong attempts do not lock its user here. */
  readonly session?: Session;
  /** Of the caller's browser, as `makeKnownDevice` made it: the same for a browser. */
  readonly knownDevice?: string;
}

/** What is answered at fixed times, so that neither a code asked for nor a wrong one shows before its answer does. */
const CREDENTIAL_REFUSALS: ReadonlySet<RefusalCode> = new Set([
  'credentials_invalid',
  'code_required',
  'code_wrong',
  'code_spent',
]);

/**
 * Logs a user in by password, and by a code where one is shown:
 *
 * 1. The address must be within its rate of log-ins.
 * 2. A name or a password that no user can have is refused as a wrong one, without the cost of hashing.
 * 3. Log-ins of one asker under one name run one after the other, so that parallel guesses cannot outrun the lock. A
 *    known device or session asks by itself, all strangers together (`attemptBy`).
 * 4. While the password is locked, nothing is hashed.
 * 5. The password is hashed and compared, in turn with those of other addresses. For an unknown user the cost is the same.
 * 6. `PasswordLogInJob` decides: the password must still not be locked and must fit, the user must not be disabled, and
 *    the code must fit, or be absent where none is required. Only where the password fits is a repeat of an
 *    idempotency key answered from its record.
 * 7. A refusal of the credentials waits until a multiple of a fixed time, so that its duration tells nothing.
 *
 * An unknown user is answered and locked like one whose password is wrong.
 *
 * Why: docs/DECISIONS.md#use-cases-with-memory-are-classes
 */
export class PasswordLogIn {
  readonly #context: Context;
  readonly #mutex = new KeyedMutex(LIMITS.passwordQueueMax);
  readonly #unknownUsers: UnknownUsers;
  readonly #recent = new RecentLogIns();

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
    if (checkUsername(request.username) ?? checkPassword(request.password, 0))
      return refuse('credentials_invalid');
    const startedAt = performance.now();
    const credentials = await this.#context.store.findUser(request.username);
    const asker = credentials ? await this.#askerOf(credentials.userId, request) : STRANGER;
    // A known device does not queue behind strangers either.
    const queue = `${request.username}\n${asker.by === 'device' ? asker.id : asker.by}`;
    const outcome = await this.#mutex.run(queue, () => this.#logInAlone(request, credentials, asker));
    if (outcome === undefined) return refuse('busy', { retryAfterMs: passwords.retryAfterMs() });
    if (!('refused' in outcome)) this.#recent.add(request.username, request.address);
    if ('refused' in outcome && CREDENTIAL_REFUSALS.has(outcome.refused)) {
      await padResponseTime(startedAt, LIMITS.logInResponsePaddingMs);
    }
    return outcome;
  }

  /** Steps 4 to 6, with no other log-in of this asker under this name under way in this process. */
  async #logInAlone(
    request: LogInRequest,
    credentials: Credentials | undefined,
    asker: Asker,
  ): Promise<LogIn | Refusal> {
    const { userCache, passwords, random } = this.#context;
    const known = credentials && (await userCache.getOrLoad(credentials.userId));
    const { user, lockedMs } = await this.#lockOf(request.username, known, asker);
    if (lockedMs > 0) {
      this.#context.refusalCounter.count('login.locked', user ? 'locked' : 'user_unknown', user?.id);
      return refuse('locked', { retryAfterMs: lockedMs });
    }
    const passwordFits = await passwords.verify(credentials?.passwordHash, request.password, {
      address: request.address,
      known: asker !== STRANGER || this.#recent.has(request.username, request.address),
    });
    if (passwordFits === undefined) return refuse('busy', { retryAfterMs: passwords.retryAfterMs() });
    if (!user) return this.#refuseUnknown(request.username);

    const secret = makeSessionSecret(user.id, random);
    const job = new PasswordLogInJob(this.#context, {
      ...request,
      ...{ userId: user.id, passwordFits, secret, asker },
    });
    const { code, idempotency } = request;
    const bound = passwordFits ? await boundToCode(this.#context, idempotency, code) : undefined;
    return submitLogIn(this.#context, job, bound);
  }

  async #askerOf(userId: UserId, { session, knownDevice }: LogInRequest): Promise<Asker> {
    if (session?.userId === userId) return { by: 'session', sessionId: session.sessionId };
    return (await readKnownDevice(this.#context, userId, knownDevice)) ?? STRANGER;
  }

  async #lockOf(
    username: string,
    known: User | undefined,
    asker: Asker,
  ): Promise<{ readonly user: User | undefined; readonly lockedMs: number }> {
    const { decider, userCache, settings } = this.#context;
    const lockedMs = (user: User | undefined) => {
      const at = decider.now();
      return user
        ? attemptLockedForMs(user.state, attemptBy('password', asker, user, at), at, settings.lockout)
        : lockedForMs(this.#unknownUsers.state(username), at, settings.lockout);
    };
    if (!known || lockedMs(known) === 0) return { user: known, lockedMs: lockedMs(known) };
    // Another server may have unlocked them since.
    const user = await userCache.reload(known.id);
    return { user, lockedMs: lockedMs(user) };
  }

  #refuseUnknown(username: string): Refusal {
    const { decider, refusalCounter } = this.#context;
    refusalCounter.count('login.refused', 'user_unknown');
    return refuse('credentials_invalid', retryAfter(this.#unknownUsers.wrong(username, decider.now())));
  }
}
