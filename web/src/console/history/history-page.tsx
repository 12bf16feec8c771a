import { Button, Group } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { HistoryIcon } from '../../design/icons.tsx';
import { api } from '../../session/server.ts';
import { useSession } from '../../session/session-gate.tsx';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { HistoryLine } from './history-line.tsx';
import styles from './history-page.module.css';

const PAGE_SIZE = 25;

/** The person's own entries of the journal, in sentences. */
export function HistoryPage() {
  const { t } = useTranslation('console');
  const common = useTranslation().t;
  const { username } = useSession();
  const query = useInfiniteQuery({
    queryKey: ['journal', 'own'],
    queryFn: ({ pageParam, signal }) =>
      api(
        'GET /v1/journal',
        // An auditor's journal is everybody's, unless one is named.
        { query: { limit: PAGE_SIZE, user: username, ...(pageParam === '' ? {} : { cursor: pageParam }) } },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    select: ({ pages }) => pages.flatMap(({ entries }) => entries),
  });
  return (
    <Page title={t('history.title')} intro={t('history.intro')}>
      <Card>
        <Reading query={query} lines={6}>
          {(entries) =>
            entries.length === 0 ? (
              <Empty
                icon={<HistoryIcon size={26} />}
                title={t('history.none_title')}
                text={t('history.none')}
              />
            ) : (
              <ol className={styles.entries}>
                {entries.map((entry) => (
                  <HistoryLine key={entry.body.version} entry={entry} />
                ))}
              </ol>
            )
          }
        </Reading>
        {query.hasNextPage && (
          <Group justify="center" mt="md">
            <Button
              variant="default"
              loading={query.isFetchingNextPage}
              onClick={() => query.fetchNextPage()}
            >
              {common('more')}
            </Button>
          </Group>
        )}
      </Card>
    </Page>
  );
}
