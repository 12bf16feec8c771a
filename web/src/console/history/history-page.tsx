import { useTranslation } from 'react-i18next';
import timeline from '../../account/timeline.module.css';
import { HistoryIcon } from '../../design/icons.tsx';
import { api } from '../../session/server.ts';
import { useSession } from '../../session/session-gate.tsx';
import { useList } from '../../session/use-list.ts';
import { More } from '../../shell/more.tsx';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { HistoryLine } from './history-line.tsx';

const PAGE_SIZE = 25;

/** The user's own journal entries, in sentences. */
export function HistoryPage() {
  const { t } = useTranslation('console');
  const { username } = useSession();
  const query = useList({
    queryKey: ['journal', 'own'],
    // Without a name an auditor would read everybody's journal.
    read: (next, signal) =>
      api('GET /v1/journal', { query: { limit: PAGE_SIZE, user: username, ...next } }, { signal }),
    itemsOf: ({ entries }) => entries,
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
              <ol className={timeline.entries}>
                {entries.map((entry) => (
                  <HistoryLine key={entry.body.version} entry={entry} />
                ))}
              </ol>
            )
          }
        </Reading>
        <More query={query} />
      </Card>
    </Page>
  );
}
