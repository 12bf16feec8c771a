import { Button, Group, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PlusIcon, TransferIcon } from '../../design/icons.tsx';
import { hashOf } from '../../routing/hash-route.ts';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { TransferRows } from './transfer-rows.tsx';
import { type Status, useTransactions } from './use-transactions.ts';

const STATUSES = [
  'pending',
  'approved',
  'refused',
  'expired',
  'cancelled',
] as const satisfies readonly Status[];

export function TransfersPage() {
  const { t } = useTranslation('console');
  const common = useTranslation().t;
  const [status, setStatus] = useState<Status>();
  const query = useTransactions(status);
  return (
    <Page
      title={t('transfers.title')}
      actions={
        <Button component="a" href={hashOf('transfers', 'new')} leftSection={<PlusIcon size={18} />}>
          {t('transfers.new')}
        </Button>
      }
    >
      <Card>
        <Group mb="md">
          <NativeSelect
            label={t('transfers.filter')}
            value={status ?? ''}
            onChange={({ currentTarget }) => setStatus(STATUSES.find((each) => each === currentTarget.value))}
            data={[
              { value: '', label: t('transfers.filter_all') },
              ...STATUSES.map((value) => ({ value, label: t(`status.${value}`) })),
            ]}
          />
        </Group>
        <Reading query={query} lines={5}>
          {(transactions) =>
            transactions.length === 0 ? (
              <Empty
                icon={<TransferIcon size={26} />}
                title={t('transfers.none_title')}
                text={t('transfers.none')}
              />
            ) : (
              <TransferRows transactions={transactions} />
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
