import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../console/server.ts';
import { Card } from '../../console/shell/page.tsx';
import { Reading } from '../../console/shell/reading.tsx';
import { EntryList } from '../journal/entry-list.tsx';

const SHOWN = 25;

/** A user's latest entries, for auditors: the server shows others' entries by name to them alone. */
export function UserHistory({ username }: { readonly username: string }) {
  const { t } = useTranslation('operator');
  const query = useQuery({
    queryKey: ['operator', 'journal', 'of', username],
    queryFn: ({ signal }) => api('GET /v1/journal', { query: { user: username, limit: SHOWN } }, { signal }),
    select: ({ entries }) => entries,
  });
  return (
    <Card title={t('users.history')}>
      <Reading query={query}>
        {(entries) =>
          entries.length === 0 ? <p>{t('users.history_none')}</p> : <EntryList entries={entries} />
        }
      </Reading>
    </Card>
  );
}
