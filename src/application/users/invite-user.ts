import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Role, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { findRecord, type Idempotency } from '../idempotency/idempotency-record.ts';
import { secretCodec } from '../idempotency/sealed-secret.ts';
import { makeSessionSecret, sessionIdOf } from '../sessions/session.ts';
import { commitUser } from './commit-user.ts';
import { checkNewUsername } from './username.ts';

/** Of the password that a user has until they choose one. Nobody is told it. */
const PASSWORD_BYTES = 32;

export interface InviteUserRequest {
  readonly username: string;
  readonly role: Role;
  /** The name of the administrator who invites. */
  readonly by: string;
  readonly idempotency?: Idempotency;
}

export interface InvitedUser {
  readonly userId: UserId;
  readonly username: string;
  /** Sets the user's first password, once. Returned only here; stored as a digest. */
  readonly secret: string;
  /** ms since 1970 */
  readonly expiresAt: number;
  readonly repeated?: boolean;
}

/**
 * Creates a user who chooses their own password by a one-time secret (`redeemPasswordReset`). Until then the password is
 * random and told to nobody. Does NOT bound how many users an administrator invites.
 *
 * Why: docs/DECISIONS.md#administrators-make-users-and-auditors
 */
export async function inviteUser(
  context: Context,
  request: InviteUserRequest,
): Promise<InvitedUser | Refusal> {
  const { username, idempotency } = request;
  const invalid = checkNewUsername(username);
  if (invalid) return invalid;
  if (await context.store.findUser(username)) return takenOrRepeated(context, request);
  const password = Buffer.from(context.random.bytes(PASSWORD_BYTES)).toString('base64url');
  const passwordHash = await context.passwords.hash(password);
  if (passwordHash === undefined) return refuse('busy', { retryAfterMs: context.passwords.retryAfterMs() });
  const made = await context.keyLeases.hold(() =>
    commitUser<InvitedUser>(context, { ...request, password, passwordHash }, async ({ userId, at }) => {
      const secret = makeSessionSecret(userId, context.random);
      const expiresAt = at + LIMITS.passwordResetMs;
      return {
        result: { userId, username, secret, expiresAt },
        state: { passwordReset: { digest: sessionIdOf(secret), expiresAt } },
        codec: await secretCodec<'secret', InvitedUser>(context, userId, idempotency, 'secret', String),
      };
    }),
  );
  const taken = 'refused' in made && made.refused === 'username_taken';
  return taken ? takenOrRepeated(context, request) : made;
}

/** Answers an invitation to a taken name: either it repeats the request that took it, or it is `username_taken`. */
async function takenOrRepeated(
  context: Context,
  { username, idempotency }: InviteUserRequest,
): Promise<InvitedUser | Refusal> {
  const userId = idempotency && (await context.store.findUser(username))?.userId;
  if (userId === undefined) return refuse('username_taken');
  const kept = await findRecord<InvitedUser>(context, userId, idempotency);
  if (!kept) return refuse('username_taken');
  if ('refused' in kept) return kept;
  const codec = await secretCodec<'secret', InvitedUser>(context, userId, idempotency, 'secret', String);
  return codec.again(kept);
}
