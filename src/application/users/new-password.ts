import { type Refusal, refuse } from '../../domain/errors.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { PasswordCaller } from '../../ports/password-hasher.ts';
import type { SessionRow, SideRow, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { deviceIdOf, endSessions, tokensOfDevice } from '../tokens/device.ts';
import { wrapMacKey } from './mac-key.ts';
import { passwordHashId } from './password-hash-id.ts';
import type { User } from './user.ts';
import { checkPassword } from './username.ts';

/** A password as the store keeps it: both are replaced in one decision. */
export interface NewPassword {
  readonly passwordHash: string;
  /** The protocol's MAC key, wrapped for its user. */
  readonly macKey: string;
}

/**
 * Checks a new password, hashes it and wraps its MAC key, then runs `commit`, which must submit the decision: the key is
 * wrapped under a version that a rotation does not destroy meanwhile.
 */
export async function withNewPassword<T>(
  context: Context,
  { userId, password, caller }: NewPasswordRequest,
  commit: (made: NewPassword) => Promise<T>,
): Promise<T | Refusal> {
  const { passwords, settings, keyLeases } = context;
  const invalid = checkPassword(password, settings.passwordLengthMin);
  if (invalid) return invalid;
  const passwordHash = await passwords.hash(password, caller);
  if (passwordHash === undefined) return refuse('busy', { retryAfterMs: passwords.retryAfterMs() });
  return keyLeases.hold(async () =>
    commit({ passwordHash, macKey: await wrapMacKey(context, userId, password) }),
  );
}

export interface NewPasswordRequest {
  readonly userId: UserId;
  readonly password: string;
  /** None for the operator. */
  readonly caller?: PasswordCaller;
}

/**
 * The state and rows of a user whose password is replaced: hash and MAC key, the end of every session and invitation but
 * `kept` and those of confirmed devices (a device shows a token, not the password), and of a reset.
 *
 * Why: docs/DECISIONS.md#a-new-password-ends-what-the-old-one-opened
 */
export function passwordReplaced(
  user: User,
  { passwordHash, macKey }: NewPassword,
  kept?: string,
): { readonly state: UserState; readonly rows: readonly SideRow[] } {
  const { passwordReset: _, ...state } = user.state;
  return {
    state: { ...state, passwordHashId: passwordHashId(passwordHash) },
    rows: [
      { kind: 'user.update', userId: user.id, passwordHash, macKey },
      ...endSessions(
        user.sessions.filter((row) => row.sessionId !== kept && !isOfConfirmedDevice(user, row)),
      ),
    ],
  };
}

function isOfConfirmedDevice(user: User, { kind, tokenId }: SessionRow): boolean {
  if (kind !== 'device') return false;
  return tokensOfDevice(user, deviceIdOf(tokenId)).some(({ status }) => status === 'active');
}
