import { type Refusal, refuse } from '../../domain/errors.ts';
import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';
import { EMPTY_STATE, type UserState } from '../../domain/user-state.ts';
import type { Role, UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { type IdempotencyCodec, idempotent } from '../idempotency/idempotent.ts';
import { wrapMacKey } from './mac-key.ts';

/** Of the detail of a user's first entry. */
const SALT_BYTES = 16;

export interface NewUserRequest {
  readonly username: string;
  readonly password: string;
  readonly passwordHash: string;
  readonly role: Role;
  /** The client's network, for a user who registers without an operator. */
  readonly address?: string;
  /** The name of the administrator who creates the user. */
  readonly by?: string;
  readonly idempotency?: Idempotency;
}

/** What a new user begins with, and what is answered. */
export interface NewUserOutcome<T> {
  readonly result: T;
  readonly state: UserState;
  readonly codec: IdempotencyCodec<T, unknown>;
}

/**
 * Commits a new user with their first entry. Does NOT check name or password, and must run while key leases are held: the
 * MAC key is wrapped under a version that a rotation does not destroy meanwhile.
 * @param outcomeOf called with the new user's id and the time, before the decision
 * @returns the outcome's result, or `username_taken`
 */
export async function commitUser<T extends object>(
  context: Context,
  { username, password, passwordHash, role, address, by, idempotency }: NewUserRequest,
  outcomeOf: (made: { readonly userId: UserId; readonly at: number }) => Promise<NewUserOutcome<T>>,
): Promise<T | Refusal> {
  const [userId] = await context.store.allocateUserIds(1);
  if (userId === undefined) throw new Error('the store allocated no user id');
  const macKey = await wrapMacKey(context, userId, password);

  const createdAt = context.decider.now();
  const { result, state, codec } = await outcomeOf({ userId, at: createdAt });
  // Erased with the user: without it nobody can guess their entries and compare hashes.
  const salt = Buffer.from(context.random.bytes(SALT_BYTES)).toString('hex');
  const job: Job<T | Refusal> = {
    userId,
    origin: address === undefined ? undefined : { kind: 'address', name: address },
    newUser: {
      id: userId,
      username,
      role,
      disabled: false,
      macKey,
      createdAt,
      tokens: [],
      sessions: [],
      passkeys: [],
      pending: [],
      version: 0,
      at: 0,
      hash: GENESIS_HASH,
      state: EMPTY_STATE,
    },
    decide: () => ({
      result,
      draft: {
        type: 'user.registered',
        detail: { role, salt, ...(by === undefined ? {} : { by }) },
        state,
        rows: [
          { kind: 'user.insert', userId, username, passwordHash, macKey, role, disabled: false, createdAt },
        ],
      },
    }),
    conflict: () => refuse('username_taken'),
  };
  return (await context.decider.submit(idempotent(job, idempotency, codec))).result;
}
