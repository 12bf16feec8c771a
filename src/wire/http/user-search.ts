import Type, { type Static, type TObject, type TProperties } from 'typebox';
import type { UserSearch } from '../../application/search/search-users.ts';
import type { UserOrder, UserScanPlace } from '../../ports/search-store.ts';
import { time } from './schema.ts';

const truth = (description: string) => Type.Optional(Type.Enum(['true', 'false'], { description }));
const name = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 128, description }));

/** The filters by which users are searched. */
export const USER_FILTERS = {
  search: name('A part of the name.'),
  prefix: name('How the name begins.'),
  role: Type.Optional(Type.Enum(['user', 'admin', 'auditor'])),
  disabled: truth('Whether they are disabled.'),
  locked: truth('Whether they are locked now.'),
  token: truth('Whether they have an active token.'),
  last_login_from: Type.Optional(time('Who logged in last at this time or later.')),
  last_login_to: Type.Optional(time('Who logged in last before this time, or never.')),
} satisfies TProperties;

export type UserFilters = Static<TObject<typeof USER_FILTERS>>;

export const UserSort = Type.Enum(
  ['registered', '-registered', 'name', '-name', 'last_login', '-last_login'],
  { description: 'The order; with a minus descending.' },
);

export function userSearchOf(
  query: UserFilters,
  sort: Static<typeof UserSort>,
): Pick<UserSearch, 'filter' | 'order' | 'descending'> {
  const { search, prefix, role, disabled, locked, token } = query;
  const { last_login_from: since, last_login_to: before } = query;
  const isTrue = (value: 'true' | 'false') => value === 'true';
  return {
    filter: {
      ...(search === undefined ? {} : { search }),
      ...(prefix === undefined ? {} : { prefix }),
      ...(role === undefined ? {} : { role }),
      ...(disabled === undefined ? {} : { disabled: isTrue(disabled) }),
      ...(locked === undefined ? {} : { locked: isTrue(locked) }),
      ...(token === undefined ? {} : { token: isTrue(token) }),
      ...(since === undefined ? {} : { lastLogInSince: Date.parse(since) }),
      ...(before === undefined ? {} : { lastLogInBefore: Date.parse(before) }),
    },
    order: (sort.startsWith('-') ? sort.slice(1) : sort) as UserOrder,
    descending: sort.startsWith('-'),
  };
}

/** A place in the list as a cursor holds it: printable ASCII. */
export function keyOfPlace({ key, userId }: UserScanPlace): string {
  return `${userId} ${typeof key === 'number' ? key : `=${Buffer.from(key).toString('base64url')}`}`;
}

export function placeOfKey(sortKey: string | undefined): UserScanPlace | undefined {
  if (sortKey === undefined) return undefined;
  const space = sortKey.indexOf(' ');
  const key = sortKey.slice(space + 1);
  return {
    userId: Number(sortKey.slice(0, space)),
    key: key.startsWith('=') ? Buffer.from(key.slice(1), 'base64url').toString() : Number(key),
  };
}
