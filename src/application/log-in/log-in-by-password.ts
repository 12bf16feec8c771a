import { type Refusal, type RefusalCode, refuse, retryAfter } from '../../domain/errors.ts';
import { type AttemptBy, attemptLockedForMs } from '../../domain/failed-attempts.ts';
import { LIMITS } from '../../limits.ts';
import type { Credentials, UserId } from '../../ports/store.ts';
import { canonicalRecoveryCode } from '../codes/recovery-code.ts';
import type { Context } from '../context.ts';
import { boundToCode } from '../idempotency/bound-to-code.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { type Asker, attemptBy, STRANGER } from '../lockout/attempt-by.ts';
import { type NameKeys, UnknownNames } from '../lockout/unknown-names.ts';
import { readKnownDevice } from '../sessions/known-device.ts';
import { makeSessionSecret, type Session } from '../sessions/session.ts';
import { checkPassword, checkUsername } from '../users/username.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import { PasswordLogInJob } from './password-log-in-job.ts';
import { RecentLogIns } from './recent-log-ins.ts';
import { type LogIn, submitLogIn } from './submit-log-in.ts';

export interface LogInRequest {
  readonly username: string;
  readonly password: string;
  readonly code?: string;
  /** In place of the code. */
  readonly recoveryCode?: string;
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

/** Refusals about the address or the server's load: they say nothing about the user, and are not held back. */
const UNPADDED: ReadonlySet<RefusalCode> = new Set(['rate_limited', 'busy']);

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
 * 7. A refusal, except those of steps 1 and 2 and for the server's load, waits until a multiple of a fixed time, so that its
 *    duration tells nothing.
 *
 * An unknown user is answered and locked like one whose password is wrong, on every server: what was tried at the name is
 * in the store, read and written by as many statements.
 *
 * Why: docs/DECISIONS.md#use-cases-with-memory-are-classes
 */
export class PasswordLogIn {
  readonly #context: Context;
  readonly #mutex = new KeyedMutex(LIMITS.passwordQueueMax);
  readonly #unknownNames: UnknownNames;
  readonly #recent = new RecentLogIns();

  constructor(context: Context) {
    this.#context = context;
    this.#unknownNames = new UnknownNames(context);
  }

  async logIn(request: LogInRequest): Promise<LogIn | Refusal> {
    const early = await this.#refuseEarly(request);
    if (early) return early;
    const { responsePadding } = this.#context;
    const startedAt = responsePadding.now();
    const outcome = await this.#logIn(request);
    if ('refused' in outcome && !UNPADDED.has(outcome.refused)) {
      await responsePadding.pad(startedAt, LIMITS.logInResponsePaddingMs);
    }
    return outcome;
  }

  /** Steps 1 and 2. These refusals depend on the request and its address, not on any user. */
  async #refuseEarly({ address, username, password }: LogInRequest): Promise<Refusal | undefined> {
    const { rateLimiter, settings, refusalCounter } = this.#context;
    const wait = await rateLimiter.take(`log-in/${address}`, settings.rateLimits.logIns);
    if (wait > 0) {
      refusalCounter.count('login.refused', 'rate_limited');
      return refuse('rate_limited', { retryAfterMs: wait });
    }
    if (checkUsername(username) ?? checkPassword(password, 0)) return refuse('credentials_invalid');
    return undefined;
  }

  async #logIn(request: LogInRequest): Promise<LogIn | Refusal> {
    const { passwords, store } = this.#context;
    const { username } = request;
    const nameKeys = await this.#unknownNames.keysOf(username);
    const credentials = await store.findUser(username);
    const asker = credentials ? await this.#askerOf(credentials.userId, request) : STRANGER;
    // A known device does not queue behind strangers either.
    const queue = `${username}\n${asker.by === 'device' ? asker.id : asker.by}`;
    const outcome = await this.#mutex.run(queue, () =>
      credentials ? this.#logInUser(request, credentials, asker) : this.#refuseUnknown(request, nameKeys),
    );
    if (outcome === undefined) return refuse('busy', { retryAfterMs: passwords.retryAfterMs() });
    if (!('refused' in outcome)) this.#recent.add(username, request.address);
    return outcome;
  }

  /** Steps 4 to 6, with no other log-in of this asker under this name under way in this process. */
  async #logInUser(
    request: LogInRequest,
    { userId, passwordHash }: Credentials,
    asker: Asker,
  ): Promise<LogIn | Refusal> {
    const { decider, userCache, passwords, random, settings } = this.#context;
    // From the store, as what was tried at an unknown name is: one statement each.
    const user = await userCache.reload(userId);
    if (!user) throw new Error('a user with a name is not there');
    const at = decider.now();
    const by = attemptBy('password', asker, user, at);
    const lockedMs = attemptLockedForMs(user.state, by, at, settings.lockout);
    if (lockedMs > 0) return this.#refuseLocked('locked', lockedMs, userId);
    const passwordFits = await passwords.verify(passwordHash, request.password, {
      address: request.address,
      known: asker !== STRANGER || this.#recent.has(request.username, request.address),
    });
    if (passwordFits === undefined) return refuse('busy', { retryAfterMs: passwords.retryAfterMs() });

    const secret = makeSessionSecret(userId, random);
    const job = new PasswordLogInJob(this.#context, {
      ...request,
      ...{ userId, passwordFits, phc: passwordHash, secret, asker },
    });
    const { code, recoveryCode, idempotency } = request;
    const shown = code ?? (recoveryCode === undefined ? undefined : canonicalRecoveryCode(recoveryCode));
    const bound = passwordFits ? await boundToCode(this.#context, idempotency, shown) : undefined;
    return submitLogIn(this.#context, job, bound);
  }

  /** The same steps for a name that nobody has. */
  async #refuseUnknown({ password, address }: LogInRequest, nameKeys: NameKeys): Promise<Refusal> {
    const { passwords, refusalCounter } = this.#context;
    const name = await this.#unknownNames.find(nameKeys);
    const lockedMs = this.#unknownNames.lockedForMs(name, PASSWORD_OF_NOBODY);
    if (lockedMs > 0) return this.#refuseLocked('user_unknown', lockedMs);
    if ((await passwords.verify(undefined, password, { address, known: false })) === undefined) {
      return refuse('busy', { retryAfterMs: passwords.retryAfterMs() });
    }
    const { locked, retryAfterMs } = await this.#unknownNames.wrong(name, PASSWORD_OF_NOBODY);
    if (locked) return this.#refuseLocked('user_unknown', retryAfterMs);
    refusalCounter.count('login.refused', 'user_unknown');
    return refuse('credentials_invalid', retryAfter(retryAfterMs));
  }

  #refuseLocked(reason: string, lockedMs: number, userId?: UserId): Refusal {
    this.#context.refusalCounter.count('login.locked', reason, userId);
    return refuse('locked', { retryAfterMs: lockedMs });
  }

  async #askerOf(userId: UserId, { session, knownDevice }: LogInRequest): Promise<Asker> {
    if (session?.userId === userId) return { by: 'session', sessionId: session.sessionId };
    return (await readKnownDevice(this.#context, userId, knownDevice)) ?? STRANGER;
  }
}

const PASSWORD_OF_NOBODY: AttemptBy = { purpose: 'password', asker: '', isKnown: false };
