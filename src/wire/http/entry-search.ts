import Type, { type Static, type TObject, type TProperties } from 'typebox';
import type { FoundPage, SearchOrder } from '../../application/search/find-entries.ts';
import { isOfUserAlone, searchEntries } from '../../application/search/search-entries.ts';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import type { EntryFilter } from '../../domain/search/entry-filter.ts';
import { wordsSought } from '../../domain/search/words.ts';
import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';
import { callerId, type UserCaller } from './caller.ts';
import type { HttpDependencies } from './dependencies.ts';
import { entryView } from './journal-view.ts';
import { Currency, Id, time, Username } from './schema.ts';

const TYPE = '([a-z0-9_]{1,48}|\\*)\\.([a-z0-9_]{1,48}|\\*)';

const DECIMAL = '^[0-9]{1,15}([.][0-9]{1,8})?$';
const WORDS = `^\\s*(\\S+\\s+){0,${LIMITS.searchWordsMax - 1}}\\S+\\s*$`;

/** The filters by which entries are searched. */
export const ENTRY_FILTERS = {
  user: Type.Optional(Type.String({ ...Username, description: 'About this user alone: their name.' })),
  type: Type.Optional(
    Type.String({
      pattern: `^${TYPE}(,${TYPE}){0,${LIMITS.searchTypesMax - 1}}$`,
      maxLength: 1024,
      description: 'Of these types, by commas: `login.refused`; `transaction.*` and `*.refused` are groups.',
    }),
  ),
  from: Type.Optional(time('From this time on.')),
  to: Type.Optional(time('Before this time.')),
  transaction: Type.Optional(Type.String({ ...Id, description: 'That name the transaction with this id.' })),
  payee: Type.Optional(
    Type.String({ minLength: 1, maxLength: LIMITS.accountBytesMax, description: 'A part of the payee.' }),
  ),
  text: Type.Optional(
    Type.String({
      pattern: WORDS,
      maxLength: LIMITS.searchTextLengthMax,
      description:
        'Whole words, each of which must be there, without regard to case and accents: in payee, payer, amount, currency and id of the transaction, the reason, the name of the user, and the values of `detail` (services, tokens, labels, references).',
    }),
  ),
  service: Type.Optional(Type.String({ ...Id, description: 'That a service asked for: its id.' })),
  address: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'A network address, as entries have it.' }),
  ),
  reason: Type.Optional(
    Type.String({ pattern: '^[a-z0-9_]{1,64}$', description: 'Refused for this reason.' }),
  ),
  amount_min: Type.Optional(
    Type.String({ pattern: DECIMAL, description: 'At least this, in whatever currency.' }),
  ),
  amount_max: Type.Optional(
    Type.String({ pattern: DECIMAL, description: 'At most this, in whatever currency.' }),
  ),
  currency: Type.Optional(Currency),
} satisfies TProperties;

export type EntryFilters = Static<TObject<typeof ENTRY_FILTERS>>;

export const SEARCH_DESCRIPTION =
  'All filters must fit. A page takes a bounded time: it may come short, even empty, with a `next_cursor`, and then the next one goes on from where it ended (`searched_to`).';

export const Order = Type.Enum(['newest', 'oldest'], { description: 'Which come first.' });

/** How far a search has come, beside what it found. */
export const SEARCHED = {
  searched_to: Type.Optional(time('When the entry happened that was looked at last.')),
  indexed_to: Type.Integer({
    description:
      'The index covers the entries up to this position of the journal; those after it were read one by one.',
  }),
} satisfies TProperties;

export function searchedView({ reachedAt, indexedTo }: Pick<FoundPage<unknown>, 'reachedAt' | 'indexedTo'>) {
  return {
    ...(reachedAt === undefined ? {} : { searched_to: rfc3339(reachedAt) }),
    indexed_to: indexedTo,
  };
}

/**
 * Reads the filters of a request.
 * @returns `user_unknown` where nobody has the name
 */
export async function entryFilterOf(
  { context }: HttpDependencies,
  query: EntryFilters,
): Promise<EntryFilter | Refusal> {
  const { user, type, from, to, amount_min: amountMin, amount_max: amountMax, text, ...exact } = query;
  let userId: UserId | undefined;
  if (user !== undefined) {
    userId = (await context.store.findUser(user))?.userId;
    if (userId === undefined) return refuse('user_unknown');
  }
  const words = text === undefined ? [] : wordsSought(text);
  return {
    ...given({ ...exact, amountMin, amountMax, userId }),
    ...(words.length === 0 ? {} : { text: words.join(' ') }),
    ...(type === undefined ? {} : { types: [...new Set(type.split(','))] }),
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) }),
  };
}

/** The members that are there. */
function given<T extends Record<string, unknown>>(members: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: NonNullable<T[Name]>;
  };
}

/** Searches the journal for one page, and answers it. */
export async function searchPage(
  dependencies: HttpDependencies,
  caller: UserCaller,
  name: string,
  query: EntryFilters & {
    readonly order: SearchOrder;
    readonly limit?: number;
    readonly cursor?: string;
  },
) {
  const { order, limit = LIMITS.pageSize, cursor, ...filters } = query;
  const filter = await entryFilterOf(dependencies, filters);
  if (isRefusal(filter)) return filter;
  const list = listOf(name, callerId(caller), filter, order);
  const sortKey = await dependencies.cursors.read(list, cursor);
  if (isRefusal(sortKey)) return sortKey;
  const page = await searchEntries(dependencies.context, {
    ...{ filter, order, limit },
    cursor: sortKey === undefined ? undefined : Number(sortKey),
  });
  const { found, next } = page;
  return {
    status: 200,
    body: {
      entries: found.map((entry) => entryView(entry, true)),
      next_cursor: next === undefined ? null : await dependencies.cursors.write(list, `${next}`),
      ...searchedView(page),
    },
  };
}

/** The name of a list for its cursors: its filters and its order. */
export function listOf(name: string, caller: string, filter: EntryFilter, order: SearchOrder): string[] {
  return [name, caller, order, `${isOfUserAlone(filter, order)}`, JSON.stringify(filter)];
}

/** What a search is for, in words for the journal: each filter with its value. */
export function filterText(query: Readonly<Record<string, unknown>>): string {
  return Object.entries(query)
    .filter(([name, value]) => value !== undefined && name !== 'cursor' && name !== 'limit')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
