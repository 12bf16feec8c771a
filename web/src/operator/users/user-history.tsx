import { useTranslation } from 'react-i18next';
import { api } from '../../session/server.ts';
import { useList } from '../../session/use-list.ts';
import { Card } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { EntryList } from '../journal/entry-list.tsx';
import { SearchOn } from '../table/search-on.tsx';

const PAGE_SIZE = 15;

/** Journal entries of a user, newest first. */
export function UserHistory({ username }: { readonly username: string }) {
  const { t } = useTranslation('operator');
  const query = useList({
    queryKey: ['operator', 'journal', 'of', username],
    read: (next, signal) =>
      api('GET /v1/admin/journal', { query: { user: username, limit: PAGE_SIZE, ...next } }, { signal }),
    itemsOf: ({ entries }) => entries,
  });
  return (
    <Card title={t('users.history')}>
      <Reading query={query}>
        {(entries) =>
          entries.length === 0 ? <p>{t('users.history_none')}</p> : <EntryList entries={entries} />
        }
      </Reading>
      <SearchOn query={query} />
    </Card>
  );
}
