import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../session/server.ts';
import { Card } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { EntryList } from '../journal/entry-list.tsx';
import { More } from '../table/more.tsx';

const PAGE_SIZE = 15;

/** What was decided about a user, the newest first. */
export function UserHistory({ username }: { readonly username: string }) {
  const { t } = useTranslation('operator');
  const query = useInfiniteQuery({
    queryKey: ['operator', 'journal', 'of', username],
    queryFn: ({ pageParam, signal }) =>
      api(
        'GET /v1/admin/journal',
        {
          query: {
            user: username,
            limit: PAGE_SIZE,
            ...(pageParam === '' ? {} : { cursor: pageParam }),
          },
        },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    select: ({ pages }) => pages.flatMap(({ entries }) => entries),
  });
  return (
    <Card title={t('users.history')}>
      <Reading query={query}>
        {(entries) =>
          entries.length === 0 ? <p>{t('users.history_none')}</p> : <EntryList entries={entries} />
        }
      </Reading>
      <More query={query} found={query.data !== undefined && query.data.length > 0} />
    </Card>
  );
}
