import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { SYSTEM_USER_ID, type UserId, type UserRecord } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import { ERASURE_TYPE } from '../journal/erased-chains.ts';
import { disableUser } from './administer-user.ts';

/** The user may have been decided about meanwhile, so that the erasure is decided again. */
const ATTEMPTS_MAX = 3;

export interface Eraser {
  /** The administrator over the API: the entry names their number and not them. */
  readonly byId?: UserId;
  /** Their name, for the entry that disables the user, which is erased with them. */
  readonly by?: string;
}

export interface ErasedUser {
  readonly userId: UserId;
  /** Their entries, which keep their hashes. */
  readonly entries: number;
}

/**
 * Erases a user: disables them, so that every session ends, then deletes every row about them and records it as an entry of the system
 * user, which names nobody. The bodies of their entries are emptied afterwards, here and in the archive (`Retention`). Their
 * name is free for another user.
 *
 * What others' entries say of them stays, and so does what left this server: events, backups, receipts.
 * Repeated, it answers as the first time.
 *
 * Why: docs/DECISIONS.md#an-erasure-is-an-entry-of-the-system-user
 *
 * @returns `transactions_waiting` while one of theirs waits for a decision
 */
export async function eraseUser(
  context: Context,
  userId: UserId,
  act: Eraser = {},
): Promise<ErasedUser | Refusal> {
  const { store, userCache, decider } = context;
  if (userId === SYSTEM_USER_ID) return refuse('user_unknown');
  for (let attempt = 1; ; attempt++) {
    const [record] = await store.load([userId], Number.POSITIVE_INFINITY);
    if (!record) return (await erasedBefore(context, userId)) ?? refuse('user_unknown');
    if (record.pendingTransactions.length > 0) return refuse('transactions_waiting');
    if (!record.disabled) {
      const disabled = await disableUser(context, userId, act.by === undefined ? {} : { by: act.by });
      if (isRefusal(disabled)) return disabled;
      continue;
    }
    const { result } = await decider.submit(erasureOf(record, act));
    if (!isRefusal(result)) {
      userCache.evict(userId);
      return result;
    }
    if (result.refused !== 'transactions_waiting' || attempt >= ATTEMPTS_MAX) return result;
  }
}

async function erasedBefore({ store }: Context, userId: UserId): Promise<ErasedUser | undefined> {
  const erasure = (await store.retention.listErasures()).find((each) => each.userId === userId);
  return erasure && { userId, entries: erasure.entries };
}

function erasureOf(record: UserRecord, { byId }: Eraser): Job<ErasedUser | Refusal> {
  const { userId, username, version: entries, hash } = record;
  return {
    userId: SYSTEM_USER_ID,
    decide: (system, { at }) => {
      if (!system) return { result: refuse('user_unknown') };
      return {
        result: { userId, entries },
        draft: {
          type: ERASURE_TYPE,
          detail: { entries, erased: userId, last: hash, ...(byId === undefined ? {} : { by_id: byId }) },
          state: system.state,
          rows: [{ kind: 'user.erase', userId, username, entries, at }],
        },
      };
    },
    conflict: () => refuse('transactions_waiting'),
  };
}
