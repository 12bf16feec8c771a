import Type from 'typebox';
import { isRefusal, refuse } from '../../../domain/errors.ts';
import { LIMITS } from '../../../limits.ts';
import type { JournalEntry } from '../../../ports/journal-reader.ts';
import type { UserId } from '../../../ports/store.ts';
import { callerId, type UserCaller } from '../caller.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { ENTRY_FILTERS, Order, SEARCH_DESCRIPTION, SEARCHED, searchPage } from '../entry-search.ts';
import { Entry, entryView } from '../journal-view.ts';
import { route } from '../route.ts';
import { Cursor, closed, Limit, NextCursor } from '../schema.ts';

interface Page {
  readonly entries: readonly JournalEntry[];
  readonly next: number | undefined;
}

/** A page of one user's entries, the newest first. */
async function pageOfUser(
  { context }: HttpDependencies,
  userId: UserId,
  sortKey: number | undefined,
  limit: number,
): Promise<Page> {
  const below = sortKey ?? Number.POSITIVE_INFINITY;
  const entries = await context.store.readUserJournal(userId, { below, limit });
  const last = entries.at(-1)?.version ?? 1;
  return { entries, next: entries.length === limit && last > 1 ? last : undefined };
}

/** A page of all entries in the journal's order, the oldest first. */
async function pageOfAll(
  { context }: HttpDependencies,
  sortKey: number | undefined,
  limit: number,
): Promise<Page> {
  const found = await context.store.readJournal({ after: sortKey ?? 0, limit: limit + 1 });
  const entries = found.slice(0, limit);
  return { entries, next: found.length > limit ? entries.at(-1)?.position : undefined };
}

/**
 * The user whose entries are asked for: the caller, or the one that an auditor names.
 * @returns null for all users; undefined when nobody has that name
 */
async function whose(
  { context }: HttpDependencies,
  { session }: UserCaller,
  user: string | undefined,
): Promise<UserId | null | undefined> {
  if (session.role !== 'auditor') return session.userId;
  return user === undefined ? null : (await context.store.findUser(user))?.userId;
}

export const journalRoutes = [
  route({
    method: 'GET',
    path: '/v1/journal',
    tag: 'journal',
    summary: 'The journal',
    description: `The caller's own entries, the newest first. An auditor's: all, in the journal's order, the oldest first, or one \`user\`'s. Auditors, and administrators who ask for \`all\`, may filter and choose the order. ${SEARCH_DESCRIPTION}`,
    caller: 'user',
    query: {
      ...ENTRY_FILTERS,
      all: Type.Optional(Type.Enum(['true'], { description: "By an administrator: everybody's entries." })),
      order: Type.Optional(Order),
      limit: Type.Optional(Limit),
      cursor: Type.Optional(Cursor),
    },
    responses: {
      200: {
        description: 'A page. How far a search has come is said where there was one.',
        schema: closed({
          entries: Type.Array(Entry),
          next_cursor: NextCursor,
          searched_to: SEARCHED.searched_to,
          indexed_to: Type.Optional(SEARCHED.indexed_to),
        }),
      },
    },
    refusals: ['cursor_invalid', 'user_unknown'],
    async handle({ caller, query }, dependencies) {
      const { session } = caller;
      const { all: everybody, limit: _limit, cursor: _cursor, ...asked } = query;
      const all = session.role === 'auditor' || (session.role === 'admin' && everybody === 'true');
      const isSearch = Object.keys(asked).some((name) => name !== 'user');
      if (all && (isSearch || session.role === 'admin')) {
        const { all: _all, ...search } = query;
        return searchPage(dependencies, caller, 'journal-search', { order: 'oldest', ...search });
      }
      if (isSearch) return refuse('message_invalid', { detail: 'query: only auditors filter' });
      if (!all && query.user !== undefined && query.user !== session.username) return refuse('user_unknown');
      const userId = await whose(dependencies, caller, query.user);
      if (userId === undefined) return refuse('user_unknown');
      const list = ['journal', callerId(caller), `${userId}`];
      const sortKey = await dependencies.cursors.read(list, query.cursor);
      if (isRefusal(sortKey)) return sortKey;
      const { limit = LIMITS.pageSize } = query;
      const at = sortKey === undefined ? undefined : Number(sortKey);
      const { entries, next } =
        userId === null
          ? await pageOfAll(dependencies, at, limit)
          : await pageOfUser(dependencies, userId, at, limit);
      return {
        status: 200,
        body: {
          entries: entries.map((entry) => entryView(entry, all)),
          next_cursor: next === undefined ? null : await dependencies.cursors.write(list, `${next}`),
        },
      };
    },
  }),
];
