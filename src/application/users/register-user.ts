import { type Refusal, refuse, retryAfter } from '../../domain/errors.ts';
import { attemptLockedForMs } from '../../domain/failed-attempts.ts';
import { EMPTY_STATE } from '../../domain/user-state.ts';
import { LIMITS } from '../../limits.ts';
import type { PasswordCaller } from '../../ports/password-hasher.ts';
import type { Role, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import { findRecord, type Idempotency, repeated } from '../idempotency/idempotency-record.ts';
import { wholeResult } from '../idempotency/idempotent.ts';
import { attemptBy, STRANGER } from '../lockout/attempt-by.ts';
import { afterWrongPassword } from '../lockout/failed-attempts.ts';
import { commitUser } from './commit-user.ts';
import { checkNewUsername, checkPassword } from './username.ts';

export interface RegisterUserRequest {
  readonly username: string;
  readonly password: string;
  readonly address: string;
  readonly idempotency?: Idempotency;
}

export interface RegisteredUser {
  readonly userId: UserId;
  readonly username: string;
  /** A repeat of an idempotency key: nobody was registered again. */
  readonly repeated?: boolean;
}

/** Registers a user openly: where the configuration allows it, within the address's rate. */
export async function registerUser(
  context: Context,
  request: RegisterUserRequest,
): Promise<RegisteredUser | Refusal> {
  if (!context.settings.registrationOpen) return refuse('registration_closed');
  const wait = await context.rateLimiter.take(
    `registration/${request.address}`,
    context.settings.rateLimits.registrations,
  );
  if (wait > 0) {
    context.refusalCounter.count('admin.rate_limited', 'registration');
    return refuse('rate_limited', { retryAfterMs: wait });
  }
  return createUser(context, { ...request, role: 'user' });
}

export interface CreateUserRequest {
  readonly username: string;
  readonly password: string;
  readonly role: Role;
  /** The client's network, for a user who registers without an operator. */
  readonly address?: string;
  /** The name of the administrator who creates the user. */
  readonly by?: string;
  readonly idempotency?: Idempotency;
}

/** Creates a user for an operator, an administrator or `registerUser`. Does NOT check whether registration is open, nor any rate. */
export async function createUser(
  context: Context,
  request: CreateUserRequest,
): Promise<RegisteredUser | Refusal> {
  const { username, password } = request;
  const invalid = checkNewUsername(username) ?? checkPassword(password, context.settings.passwordLengthMin);
  if (invalid) return invalid;
  if (await context.store.findUser(username)) return takenOrRepeated(context, request);

  const passwordHash = await context.passwords.hash(password, stranger(request.address));
  if (passwordHash === undefined) return refuse('busy', { retryAfterMs: context.passwords.retryAfterMs() });
  const made = await context.keyLeases.hold(() =>
    commitUser(context, { ...request, passwordHash }, async ({ userId }) => ({
      result: { userId, username },
      state: EMPTY_STATE,
      codec: wholeResult<RegisteredUser>(),
    })),
  );
  const taken = 'refused' in made && made.refused === 'username_taken';
  return taken ? takenOrRepeated(context, request) : made;
}

/**
 * Answers a registration of a taken name: either it repeats the original request, or it is `username_taken`. The password
 * is part of the request; it is compared with the stored hash, because no digest of it is kept. A wrong one is a guess: it
 * counts, and locks, as at a log-in. Each repeat costs a hash, so their number per user is bounded as well.
 */
async function takenOrRepeated(
  context: Context,
  { username, password, address, idempotency }: CreateUserRequest,
): Promise<RegisteredUser | Refusal> {
  const { store, passwords, rateLimiter } = context;
  const credentials = idempotency && (await store.findUser(username));
  if (!credentials) return refuse('username_taken');
  const { userId, passwordHash } = credentials;
  const kept = await findRecord<RegisteredUser>(context, userId, idempotency);
  if (!kept) return refuse('username_taken');
  const { registrationRepeatsMax: countMax, registrationRepeatsWindowMs: windowMs } = LIMITS;
  const wait = await rateLimiter.take(`registration-repeat/${userId}`, { countMax, windowMs });
  if (wait > 0) return refuse('rate_limited', { retryAfterMs: wait });
  const fits = await passwords.verify(passwordHash, password, stranger(address));
  if (fits === undefined) return refuse('busy', { retryAfterMs: passwords.retryAfterMs() });
  const { result } = await context.decider.submit(comparedRepeat(context, userId, fits, kept));
  return result;
}

/** Decides a repeat whose password has been compared: while passwords are locked, right and wrong are refused alike. */
function comparedRepeat(
  { settings, refusalCounter }: Context,
  userId: UserId,
  fits: boolean,
  kept: RegisteredUser | Refusal,
): Job<RegisteredUser | Refusal> {
  return {
    userId,
    decide: (user, { at }) => {
      if (!user) return { result: refuse('username_taken') };
      const by = attemptBy('password', STRANGER, user, at);
      const lockedMs = attemptLockedForMs(user.state, by, at, settings.lockout);
      if (lockedMs > 0) {
        refusalCounter.count('login.locked', 'locked', userId);
        return { result: refuse('locked', { retryAfterMs: lockedMs }) };
      }
      if (fits) return { result: repeated(kept) };
      const reason = 'idempotency_mismatch';
      const { state, detail } = afterWrongPassword(user.state, by, at, settings.lockout);
      return {
        result: refuse(reason, retryAfter(attemptLockedForMs(state, by, at, settings.lockout))),
        draft: { type: 'login.refused', reason, detail, state },
      };
    },
  };
}

function stranger(address: string | undefined): PasswordCaller | undefined {
  return address === undefined ? undefined : { address, known: false };
}
