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
import { FilterBar } from '../filters/filter-bar.tsx';
import { SearchField } from '../filters/search-field.tsx';
import { useFilters } from '../filters/use-filters.ts';
import { SearchOn } from '../table/search-on.tsx';
import { Table } from '../table/table.tsx';
import { useAllTransactions } from './use-all-transactions.ts';

const NAME_LENGTH_MAX = 64;

/** All users' transactions, newest first. */
export function TransactionsPage() {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const [{ status = '', user = '', payee = '' }] = useFilters();
  const known = TRANSACTION_STATUSES.find((each) => each === status);
  const query = useAllTransactions({ status: known, user, payee });
  return (
    <Page title={t('transactions.title')}>
      <Card>
        <TransactionFilters />
        <Reading query={query} lines={6}>
          {(transactions) =>
            transactions.length === 0 ? (
              <Empty
                icon={<TransactionIcon size={26} />}
                title={t('transactions.none_title')}
                text={t(query.hasNextPage ? 'searched_some' : 'transactions.none')}
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

function TransactionFilters() {
  const { t } = useTranslation('operator');
  const account = useTranslation('account').t;
  const [filters, setFilters] = useFilters();
  const filtered = Object.values(filters).some((value) => value !== '');
  return (
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
      <div>
        <Button
          variant="subtle"
          disabled={!filtered}
          onClick={() => setFilters({ status: '', user: '', payee: '' })}
        >
          {t('transactions.clear')}
        </Button>
      </div>
    </FilterBar>
  );
}
