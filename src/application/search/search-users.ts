import { setImmediate } from 'node:timers/promises';
import { LIMITS } from '../../limits.ts';
import type { UserFilter, UserOrder, UserScanPlace } from '../../ports/search-store.ts';
import type { UserId, UserRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { lockedUsers } from './journal-figures.ts';

export type FoundUser = UserRow & { readonly lastLogInAt: number };

export interface UserSearch {
  readonly filter: UserFilter & { readonly locked?: boolean };
  readonly order: UserOrder;
  readonly descending: boolean;
  readonly after: UserScanPlace | undefined;
  readonly limit: number;
  readonly timeMs?: number;
}

export interface FoundUsers {
  readonly found: readonly FoundUser[];
  /** Where the next page begins; undefined: everybody was looked at. */
  readonly next: UserScanPlace | undefined;
}

/**
 * Lists users who fit, in an order, part by part, until the page is full or its time is over. The last log-in is as the journal
 * is counted (`journal-indexer.ts`): some seconds behind.
 */
export async function searchUsers(context: Context, search: UserSearch): Promise<FoundUsers> {
  const { locked, ...filter } = search.filter;
  const { order, descending, limit, timeMs = LIMITS.searchTimeMs } = search;
  const only = locked === undefined ? undefined : await lockedNow(context);
  const isAsked = (userId: UserId) => only === undefined || only.has(userId) === locked;
  const found: FoundUser[] = [];
  const endsAt = performance.now() + timeMs;
  for (let after = search.after; ; ) {
    const left = limit - found.length;
    const scan = {
      order,
      descending,
      after,
      filter,
      scanned: LIMITS.usersScannedMax,
      limit: locked ? LIMITS.usersScannedMax : left,
    };
    const page = await context.store.search.scanUsers(scan);
    for (const user of page.users) {
      if (!isAsked(user.userId)) continue;
      found.push(user);
      if (found.length === limit) return { found, next: placeOf(order, user) };
    }
    after = page.next;
    if (!after || performance.now() > endsAt) return { found, next: after };
    await setImmediate();
  }
}

/** Those who are locked now, by whatever server. */
async function lockedNow(context: Context): Promise<ReadonlySet<UserId>> {
  const { store, decider } = context;
  const { counted } = await store.search.progress();
  const { marks } = await store.search.tally({ after: counted, limit: LIMITS.countTailMax });
  return new Set(await lockedUsers(context, decider.now(), marks));
}

function placeOf(order: UserOrder, { userId, username, lastLogInAt }: FoundUser): UserScanPlace {
  return { key: { registered: 0, name: username, last_login: lastLogInAt }[order], userId };
}
