import { Button, NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { HistoryIcon } from '../../design/icons.tsx';
import { api } from '../../session/server.ts';
import { useList } from '../../session/use-list.ts';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { FilterBar } from '../filters/filter-bar.tsx';
import { useFilters } from '../filters/use-filters.ts';
import { SearchOn } from '../table/search-on.tsx';
import { EntryList } from './entry-list.tsx';
import { ENTRY_TYPES, wordOf } from './entry-types.ts';
import { Verification } from './verification.tsx';

const PAGE_SIZE = 30;

/** All users' journal entries, newest first. */
export function JournalPage() {
  const { t } = useTranslation('operator');
  const [{ type = '' }, setFilters] = useFilters();
  const known = ENTRY_TYPES.find((each) => each === type);
  const query = useList({
    queryKey: ['operator', 'journal', known ?? ''],
    read: (next, signal) =>
      api(
        'GET /v1/admin/journal',
        { query: { limit: PAGE_SIZE, ...(known === undefined ? {} : { type: known }), ...next } },
        { signal },
      ),
    itemsOf: ({ entries }) => entries,
  });
  return (
    <Page title={t('journal.title')} intro={t('journal.intro')}>
      <Verification />
      <Card>
        <FilterBar label={t('journal.type')}>
          <NativeSelect
            label={t('journal.type')}
            value={known ?? ''}
            onChange={({ currentTarget }) => setFilters({ type: currentTarget.value })}
            data={[
              { value: '', label: t('journal.type_all') },
              ...ENTRY_TYPES.map((value) => {
                const word = wordOf(value);
                return { value, label: word ? t(`journal.types.${word}`) : value };
              }),
            ]}
          />
          <div>
            <Button
              variant="default"
              loading={query.isRefetching && !query.isFetchingNextPage}
              onClick={() => void query.refetch()}
            >
              {t('refresh')}
            </Button>
          </div>
        </FilterBar>
        <Reading query={query} lines={6}>
          {(entries) =>
            entries.length === 0 ? (
              <Empty
                icon={<HistoryIcon size={26} />}
                title={t('journal.none_title')}
                text={t(query.hasNextPage ? 'searched_some' : 'journal.none')}
              />
            ) : (
              <EntryList entries={entries} />
            )
          }
        </Reading>
        <SearchOn query={query} />
      </Card>
    </Page>
  );
}
