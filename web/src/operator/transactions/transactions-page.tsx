import { Button, NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { StatusBadge } from '../../account/status-badge.tsx';
import { TRANSACTION_STATUSES } from '../../account/transaction-status.ts';
import { shownAmount } from '../../design/amount.ts';
import { TransactionIcon } from '../../design/icons.tsx';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { hashOf } from '../../routing/hash-route.ts';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { ExportLinks } from '../filters/export-links.tsx';
import { FilterBar } from '../filters/filter-bar.tsx';
import { MoreFilters } from '../filters/more-filters.tsx';
import { SearchField } from '../filters/search-field.tsx';
import { useNothingFound } from '../filters/searched.tsx';
import { TimeFilter, useTimeSpan } from '../filters/time-filter.tsx';
import { useFilters } from '../filters/use-filters.ts';
import { SearchOn } from '../table/search-on.tsx';
import { Table } from '../table/table.tsx';
import { useAllTransactions } from './use-all-transactions.ts';

const NAME_LENGTH_MAX = 64;
const MORE = ['text', 'amount_min', 'amount_max', 'service'] as const;

/** All users' transactions, newest first. */
export function TransactionsPage() {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const [filters] = useFilters();
  const { status = '', user = '', payee = '', text, service, amount_min, amount_max, currency } = filters;
  const span = useTimeSpan();
  const known = TRANSACTION_STATUSES.find((each) => each === status);
  const { asked, query, searchedTo } = useAllTransactions({
    ...{ status: known, user, payee, text, service, amount_min, amount_max, currency },
    ...span,
  });
  const soFar = useNothingFound(query.hasNextPage, searchedTo);
  return (
    <Page title={t('transactions.title')}>
      <Card>
        <TransactionFilters asked={asked} />
        <Reading query={query} lines={6}>
          {(transactions) =>
            transactions.length === 0 ? (
              <Empty
                icon={<TransactionIcon size={26} />}
                title={t(soFar === undefined ? 'transactions.none_title' : 'searching_title')}
                text={soFar ?? t('transactions.none')}
              />
            ) : (
              <Table
                caption={t('transactions.title')}
                rows={transactions}
                keyOf={(transaction) => `${transaction.user} ${transaction.id}`}
                columns={[
                  {
                    key: 'payee',
                    title: t('transactions.payee'),
                    cell: ({ id, user: of, payee: to, requested_at: at }) => (
                      <a
                        href={hashOf('operator', 'transactions', of, id)}
                        aria-label={t('transactions.follow', { payee: to, time: shownTime(at, locale) })}
                      >
                        {to}
                      </a>
                    ),
                  },
                  {
                    key: 'amount',
                    title: t('transactions.amount'),
                    numeric: true,
                    cell: ({ amount, currency }) => shownAmount(amount, currency, locale),
                  },
                  {
                    key: 'user',
                    title: t('transactions.user'),
                    cell: ({ user: of }) => <a href={hashOf('operator', 'users', of)}>{of}</a>,
                  },
                  {
                    key: 'status',
                    title: t('transactions.status'),
                    whole: true,
                    cell: (transaction) => <StatusBadge status={transaction.status} />,
                  },
                  {
                    key: 'requested',
                    title: t('transactions.requested'),
                    numeric: true,
                    cell: ({ requested_at: at }) => <time dateTime={at}>{shownTime(at, locale)}</time>,
                  },
                ]}
              />
            )
          }
        </Reading>
        <SearchOn query={query} />
      </Card>
    </Page>
  );
}

function TransactionFilters({ asked }: { readonly asked: Readonly<Record<string, string>> }) {
  const { t } = useTranslation('operator');
  const account = useTranslation('account').t;
  const [filters, setFilters] = useFilters();
  const filtered = Object.values(filters).some((value) => value !== '');
  return (
    <>
      <FilterBar label={t('transactions.title')}>
        <NativeSelect
          label={t('transactions.status')}
          value={TRANSACTION_STATUSES.find((each) => each === filters.status) ?? ''}
          onChange={({ currentTarget }) => setFilters({ status: currentTarget.value })}
          data={[
            { value: '', label: t('transactions.status_all') },
            ...TRANSACTION_STATUSES.map((value) => ({ value, label: account(`status.${value}`) })),
          ]}
        />
        <SearchField
          filter="user"
          lengthMax={NAME_LENGTH_MAX}
          label={t('transactions.user')}
          placeholder={t('transactions.user_hint')}
        />
        <SearchField
          filter="payee"
          lengthMax={NAME_LENGTH_MAX}
          label={t('transactions.payee')}
          placeholder={t('transactions.payee_hint')}
        />
        <TimeFilter />
        <div>
          <Button
            variant="subtle"
            disabled={!filtered}
            onClick={() => setFilters(Object.fromEntries(Object.keys(filters).map((name) => [name, ''])))}
          >
            {t('transactions.clear')}
          </Button>
        </div>
      </FilterBar>
      <MoreFilters names={MORE}>
        {MORE.map((name) => (
          <SearchField key={name} filter={name} lengthMax={NAME_LENGTH_MAX} label={t(`filters.${name}`)} />
        ))}
        <ExportLinks path="/v1/admin/transactions/selection" query={asked} />
      </MoreFilters>
    </>
  );
}
