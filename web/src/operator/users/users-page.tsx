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
import { FilterBar } from '../filters/filter-bar.tsx';
import { SearchField } from '../filters/search-field.tsx';
import { useFilters } from '../filters/use-filters.ts';
import { SearchOn } from '../table/search-on.tsx';
import { Table } from '../table/table.tsx';
import { useNumber } from '../use-number.ts';
import { CreateUser } from './create-user.tsx';
import { UserState } from './user-state.tsx';

const SEARCH_LENGTH_MAX = 128;
const PAGE_SIZE = 25;

export function UsersPage() {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const number = useNumber();
  const { role } = useSession();
  const [creating, setCreating] = useState(false);
  const [{ search = '' }] = useFilters();
  const query = useList({
    queryKey: ['operator', 'users', search],
    read: (next, signal) =>
      api(
        'GET /v1/admin/users',
        { query: { limit: PAGE_SIZE, ...(search === '' ? {} : { search }), ...next } },
        { signal },
      ),
    itemsOf: ({ users }) => users,
    keepPrevious: true,
  });
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
        </FilterBar>
        <Reading query={query} lines={6}>
          {(users) =>
            users.length === 0 ? (
              <Empty icon={<UsersIcon size={26} />} title={t('users.none_title')} text={t('users.none')} />
            ) : (
              <Table
                caption={t('users.title')}
                rows={users}
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
                    key: 'registered',
                    title: t('users.registered'),
                    numeric: true,
                    cell: ({ created_at: at }) => <time dateTime={at}>{shownDate(at, locale)}</time>,
                  },
                ]}
              />
            )
          }
        </Reading>
        <SearchOn query={query} />
      </Card>
      {creating && <CreateUser onClose={() => setCreating(false)} />}
    </Page>
  );
}
