import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PlusIcon, UsersIcon } from '../../design/icons.tsx';
import { shownDate } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { hashOf } from '../../routing/hash-route.ts';
import { api } from '../../session/server.ts';
import { useSession } from '../../session/session-gate.tsx';
import { useList } from '../../session/use-list.ts';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { ExportLinks } from '../filters/export-links.tsx';
import { FilterBar } from '../filters/filter-bar.tsx';
import type { Filters } from '../filters/hash-filters.ts';
import { SearchField } from '../filters/search-field.tsx';
import { SelectFilter } from '../filters/select-filter.tsx';
import { useFilters } from '../filters/use-filters.ts';
import { SearchOn } from '../table/search-on.tsx';
import { Table } from '../table/table.tsx';
import { useNumber } from '../use-number.ts';
import { CreateUser } from './create-user.tsx';
import { isLabUser, LabUsers } from './lab-users.tsx';
import { UserState } from './user-state.tsx';

const SEARCH_LENGTH_MAX = 128;
const PAGE_SIZE = 25;
const ROLES = ['user', 'admin', 'auditor'] as const;
const STATES = ['enabled', 'disabled', 'locked'] as const;
/** The first one is the server's own. */
const SORTS = [
  { value: '', word: 'registered' },
  { value: '-registered', word: 'registered_down' },
  { value: 'name', word: 'name' },
  { value: '-name', word: 'name_down' },
  { value: '-last_login', word: 'last_login_down' },
  { value: 'last_login', word: 'last_login' },
] as const;

/** The filters in the address, as the server takes them; those that it does not know are left out. */
function askedOf({ search = '', role, state, token, sort }: Filters) {
  const [knownRole, knownSort] = [
    ROLES.find((each) => each === role),
    SORTS.find(({ value }) => value !== '' && value === sort)?.value,
  ];
  return {
    ...(search === '' ? {} : { search }),
    ...(knownRole ? { role: knownRole } : {}),
    ...(knownSort ? { sort: knownSort } : {}),
    ...(token === 'true' || token === 'false' ? { token: token as 'true' | 'false' } : {}),
    ...(state === 'locked' ? { locked: 'true' as const } : {}),
    ...(state === 'disabled' ? { disabled: 'true' as const } : {}),
    ...(state === 'enabled' ? { disabled: 'false' as const } : {}),
  };
}

export function UsersPage() {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const number = useNumber();
  const { role } = useSession();
  const [creating, setCreating] = useState(false);
  const [filters] = useFilters();
  const asked = askedOf(filters);
  const query = useList({
    queryKey: ['operator', 'users', asked],
    read: (next, signal) =>
      api('GET /v1/admin/users', { query: { limit: PAGE_SIZE, ...asked, ...next } }, { signal }),
    itemsOf: ({ users }) => users,
    keepPrevious: true,
  });
  const any = { value: '', label: t('filters.any') };
  return (
    <Page
      title={t('users.title')}
      actions={
        role === 'admin' && (
          <Button leftSection={<PlusIcon size={18} />} onClick={() => setCreating(true)}>
            {t('users.create')}
          </Button>
        )
      }
    >
      <Card>
        <FilterBar label={t('users.search')}>
          <SearchField
            filter="search"
            lengthMax={SEARCH_LENGTH_MAX}
            label={t('users.search')}
            description={t('users.search_hint')}
          />
          <SelectFilter
            filter="role"
            label={t('users.role')}
            options={[any, ...ROLES.map((value) => ({ value, label: t(`users.role_${value}`) }))]}
          />
          <SelectFilter
            filter="state"
            label={t('users.state')}
            options={[any, ...STATES.map((value) => ({ value, label: t(`users.state_${value}`) }))]}
          />
          <SelectFilter
            filter="token"
            label={t('users.has_token')}
            options={[
              any,
              { value: 'true', label: t('filters.yes') },
              { value: 'false', label: t('filters.no') },
            ]}
          />
          <SelectFilter
            filter="sort"
            label={t('users.sort')}
            options={SORTS.map(({ value, word }) => ({ value, label: t(`users.sorts.${word}`) }))}
          />
          <ExportLinks path="/v1/admin/users/selection" query={asked as Record<string, string>} />
        </FilterBar>
        <Reading query={query} lines={6}>
          {(users) =>
            users.length === 0 ? (
              <Empty
                icon={<UsersIcon size={26} />}
                title={t(query.hasNextPage ? 'searching_title' : 'users.none_title')}
                text={t(query.hasNextPage ? 'searched_some' : 'users.none')}
              />
            ) : (
              <>
                <Table
                  caption={t('users.title')}
                  rows={users.filter((user) => !isLabUser(user))}
                  keyOf={({ id }) => id}
                  columns={[
                    {
                      key: 'name',
                      title: t('users.name'),
                      cell: ({ username }) => <a href={hashOf('operator', 'users', username)}>{username}</a>,
                    },
                    { key: 'role', title: t('users.role'), cell: ({ role }) => t(`users.role_${role}`) },
                    {
                      key: 'state',
                      title: t('users.state'),
                      whole: true,
                      cell: (user) => <UserState user={user} />,
                    },
                    {
                      key: 'tokens',
                      title: t('users.tokens'),
                      numeric: true,
                      cell: ({ tokens }) => number(tokens),
                    },
                    {
                      key: 'sessions',
                      title: t('users.sessions'),
                      numeric: true,
                      cell: ({ sessions }) => number(sessions),
                    },
                    {
                      key: 'last_login',
                      title: t('users.last_login'),
                      numeric: true,
                      cell: ({ last_login_at: at }) =>
                        at === null ? t('users.never') : <time dateTime={at}>{shownDate(at, locale)}</time>,
                    },
                    {
                      key: 'registered',
                      title: t('users.registered'),
                      numeric: true,
                      cell: ({ created_at: at }) => <time dateTime={at}>{shownDate(at, locale)}</time>,
                    },
                  ]}
                />
                <LabUsers users={users.filter(isLabUser)} />
              </>
            )
          }
        </Reading>
        <SearchOn query={query} />
      </Card>
      {creating && <CreateUser onClose={() => setCreating(false)} />}
    </Page>
  );
}
