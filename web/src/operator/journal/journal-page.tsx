import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { HistoryIcon } from '../../design/icons.tsx';
import { api } from '../../session/server.ts';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { ExportLinks } from '../filters/export-links.tsx';
import { FilterBar } from '../filters/filter-bar.tsx';
import { MoreFilters } from '../filters/more-filters.tsx';
import { SearchField } from '../filters/search-field.tsx';
import { useNothingFound } from '../filters/searched.tsx';
import { SelectFilter } from '../filters/select-filter.tsx';
import { TimeFilter, useTimeSpan } from '../filters/time-filter.tsx';
import { useFilters } from '../filters/use-filters.ts';
import { given, useSearch } from '../filters/use-search.ts';
import { SearchOn } from '../table/search-on.tsx';
import { EntryList } from './entry-list.tsx';
import { ENTRY_TYPES, TYPE_GROUPS, wordOf } from './entry-types.ts';
import { Verification } from './verification.tsx';

const PAGE_SIZE = 30;
const TEXT_LENGTH_MAX = 128;
const FIELDS = ['user', 'payee', 'transaction', 'service', 'reason', 'amount_min', 'amount_max'] as const;

/** All users' journal entries that fit the filters. */
export function JournalPage() {
  const { t } = useTranslation('operator');
  const [filters, setFilters] = useFilters();
  const span = useTimeSpan();
  const { type, text, user, payee, transaction, service, reason } = filters;
  const { amount_min, amount_max } = filters;
  const known = [...ENTRY_TYPES, ...TYPE_GROUPS.map(({ value }) => value)].find((each) => each === type);
  const order = filters.order === 'oldest' ? 'oldest' : undefined;
  const asked = given({
    ...{ type: known, text, user, payee, transaction, service, reason, amount_min, amount_max },
    ...span,
  });
  const { query, searchedTo } = useSearch({
    queryKey: ['operator', 'journal', asked, order ?? ''],
    read: (next, signal) =>
      api(
        'GET /v1/admin/journal',
        { query: { limit: PAGE_SIZE, ...asked, ...(order ? { order } : {}), ...next } },
        { signal },
      ),
    itemsOf: ({ entries }) => entries,
  });
  const soFar = useNothingFound(query.hasNextPage, searchedTo);
  return (
    <Page title={t('journal.title')} intro={t('journal.intro')}>
      <Verification />
      <Card>
        <FilterBar label={t('journal.search')}>
          <SearchField
            filter="text"
            lengthMax={TEXT_LENGTH_MAX}
            label={t('filters.text')}
            description={t('filters.text_hint')}
          />
          <SelectFilter
            filter="type"
            label={t('journal.type')}
            options={[
              { value: '', label: t('journal.type_all') },
              ...TYPE_GROUPS.map(({ value, word }) => ({ value, label: t(`journal.groups.${word}`) })),
              ...ENTRY_TYPES.map((value) => {
                const word = wordOf(value);
                return { value, label: word ? t(`journal.types.${word}`) : value };
              }),
            ]}
          />
          <TimeFilter />
          <SelectFilter
            filter="order"
            label={t('filters.order')}
            options={[
              { value: '', label: t('filters.newest') },
              { value: 'oldest', label: t('filters.oldest') },
            ]}
          />
        </FilterBar>
        <MoreFilters names={FIELDS}>
          {FIELDS.map((name) => (
            <SearchField key={name} filter={name} lengthMax={TEXT_LENGTH_MAX} label={t(`filters.${name}`)} />
          ))}
        </MoreFilters>
        <FilterBar label={t('filters.acts')}>
          <Button
            variant="default"
            loading={query.isRefetching && !query.isFetchingNextPage}
            onClick={() => void query.refetch()}
          >
            {t('refresh')}
          </Button>
          <Button
            variant="subtle"
            disabled={Object.keys(filters).length === 0}
            onClick={() => setFilters(Object.fromEntries(Object.keys(filters).map((name) => [name, ''])))}
          >
            {t('transactions.clear')}
          </Button>
          <ExportLinks
            path="/v1/admin/journal/selection"
            query={{ ...(asked as Record<string, string>), ...(order ? { order } : {}) }}
          />
        </FilterBar>
        <Reading query={query} lines={6}>
          {(entries) =>
            entries.length === 0 ? (
              <Empty
                icon={<HistoryIcon size={26} />}
                title={t(soFar === undefined ? 'journal.none_title' : 'searching_title')}
                text={soFar ?? t('journal.none')}
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
