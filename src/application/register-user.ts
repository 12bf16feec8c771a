import { hash } from 'node:crypto';
import { type Refusal, refuse } from '../domain/errors.ts';
import { GENESIS_HASH } from '../domain/journal.ts';
import { EMPTY_STATE } from '../domain/user-state.ts';
import type { Role, UserId } from '../ports/store.ts';
import type { Context } from './context.ts';
import { checkPassword, checkUsername } from './username.ts';

export interface RegisterUserRequest {
  readonly username: string;
  readonly password: string;
  readonly address: string;
}

export interface RegisteredUser {
  readonly userId: UserId;
  readonly username: string;
}

/** Open registration: where the configuration allows it, and at the address's pace. */
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
    context.tally.count('admin.rate_limited', 'registration');
    return refuse('rate_limited', { retryAfterMs: wait });
  }
  return createUser(context, { ...request, role: 'user' });
}

export interface CreateUserRequest {
  readonly username: string;
  readonly password: string;
  readonly role: Role;
}

/** By an operator, or on behalf of `registerUser`: no setting and no pace is checked. */
export async function createUser(
  context: Context,
  { username, password, role }: CreateUserRequest,
): Promise<RegisteredUser | Refusal> {
  const invalid = checkUsername(username) ?? checkPassword(password, context.settings.passwordLengthMin);
  if (invalid) return invalid;
  if (await context.store.findUser(username)) return refuse('username_taken');

  const passwordHash = await context.passwords.hash(password);
  if (passwordHash === undefined) return refuse('busy', { retryAfterMs: context.passwords.retryAfterMs() });
  return context.keyLeases.hold(() => commitUser(context, { username, password, role }, passwordHash));
}

async function commitUser(
  context: Context,
  { username, password, role }: CreateUserRequest,
  passwordHash: string,
): Promise<RegisteredUser | Refusal> {
  const [userId] = await context.store.allocateUserIds(1);
  if (userId === undefined) throw new Error('the store allocated no user id');
  const macKey = await wrapMacKey(context, userId, password);

  const createdAt = context.decider.now();
  const { result } = await context.decider.submit<RegisteredUser | Refusal>({
    userId,
    newUser: {
      id: userId,
      username,
      role,
      disabled: false,
      macKey,
      createdAt,
      tokens: [],
      sessions: [],
      pending: [],
      version: 0,
      at: 0,
      hash: GENESIS_HASH,
      state: EMPTY_STATE,
    },
    decide: () => ({
      result: { userId, username },
      draft: {
        type: 'user.registered',
        detail: { role },
        state: EMPTY_STATE,
        rows: [
          { kind: 'user.insert', userId, username, passwordHash, macKey, role, disabled: false, createdAt },
        ],
      },
    }),
    conflict: () => refuse('username_taken'),
  });
  return result;
}

/** The protocol's MAC key, SHA-256 of the password in UTF-8, as it is stored: wrapped for its user. */
export async function wrapMacKey(context: Context, userId: UserId, password: string): Promise<string> {
  const key = hash('sha256', Buffer.from(password, 'utf8'), 'buffer');
  const [macKey] = await context.vault.wrap([{ owner: macKeyOwner(userId), key }]);
  key.fill(0);
  if (macKey === undefined) throw new Error('the vault wrapped no key');
  return macKey;
}

export function macKeyOwner(userId: UserId): string {
  return `mac/${userId}`;
}

export function seedOwner(userId: UserId, tokenId: string): string {
  return `seed/${userId}/${tokenId}`;
}
