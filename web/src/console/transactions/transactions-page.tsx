import { Button, Group, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { TRANSACTION_STATUSES, type TransactionStatus } from '../../account/transaction-status.ts';
import { PlusIcon, TransactionIcon } from '../../design/icons.tsx';
import { hashOf } from '../../routing/hash-route.ts';
import { More } from '../../shell/more.tsx';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { TransactionRows } from './transaction-rows.tsx';
import { useTransactions } from './use-transactions.ts';

export function TransactionsPage() {
  const { t } = useTranslation('console');
  const account = useTranslation('account').t;
  const [status, setStatus] = useState<TransactionStatus>();
  const query = useTransactions(status);
  return (
    <Page
      title={t('transactions.title')}
      actions={
        <Button component="a" href={hashOf('transfers', 'new')} leftSection={<PlusIcon size={18} />}>
          {t('transactions.new')}
        </Button>
      }
    >
      <Card>
        <Group mb="md">
          <NativeSelect
            label={t('transactions.filter')}
            value={status ?? ''}
            onChange={({ currentTarget }) =>
              setStatus(TRANSACTION_STATUSES.find((each) => each === currentTarget.value))
            }
            data={[
              { value: '', label: t('transactions.filter_all') },
              ...TRANSACTION_STATUSES.map((value) => ({ value, label: account(`status.${value}`) })),
            ]}
          />
        </Group>
        <Reading query={query} lines={5}>
          {(transactions) =>
            transactions.length === 0 ? (
              <Empty
                icon={<TransactionIcon size={26} />}
                title={t('transactions.none_title')}
                text={t('transactions.none')}
              />
            ) : (
              <TransactionRows transactions={transactions} />
            )
          }
        </Reading>
        <More query={query} />
      </Card>
    </Page>
  );
}
