import { Badge, Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WebhookDelivery } from '../../api/operations.ts';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { useList } from '../../session/use-list.ts';
import { More } from '../../shell/more.tsx';
import { Empty } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { Table } from '../table/table.tsx';
import { useNumber } from '../use-number.ts';
import { DeliveryDialog } from './delivery-dialog.tsx';
import styles from './events.module.css';

/** The delivery log of a webhook, newest first. */
export function Deliveries({ id, onChanged }: { readonly id: string; readonly onChanged: () => void }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const number = useNumber();
  const [shown, setShown] = useState<number>();
  const query = useList({
    queryKey: ['operator', 'deliveries', id],
    read: (page, signal) =>
      api('GET /v1/admin/webhooks/{id}/deliveries', { path: { id }, query: page }, { signal }),
    itemsOf: ({ deliveries }) => deliveries,
  });
  return (
    <>
      <p className={styles.quiet}>
        {t('events.deliveries_intro')}{' '}
        <Button
          variant="subtle"
          size="compact-sm"
          loading={query.isRefetching}
          onClick={() => query.refetch()}
        >
          {t('events.refresh')}
        </Button>
      </p>
      <Reading query={query}>
        {(deliveries) =>
          deliveries.length === 0 ? (
            <Empty title={t('events.deliveries_none')} />
          ) : (
            <Table
              caption={t('events.deliveries_title')}
              rows={deliveries}
              keyOf={(delivery) => `${delivery.number}`}
              columns={[
                {
                  key: 'at',
                  title: t('events.at'),
                  cell: (delivery) => (
                    <Button variant="subtle" size="compact-sm" onClick={() => setShown(delivery.number)}>
                      {shownTime(delivery.at, locale)}
                    </Button>
                  ),
                },
                { key: 'type', title: t('events.type'), cell: ({ type }) => type },
                {
                  key: 'index',
                  title: t('events.index'),
                  numeric: true,
                  cell: ({ index }) => (index === null ? '–' : number(index)),
                },
                {
                  key: 'attempt',
                  title: t('events.attempt'),
                  numeric: true,
                  cell: ({ attempt }) => number(attempt),
                },
                {
                  key: 'outcome',
                  title: t('events.answer'),
                  whole: true,
                  cell: (delivery) => <Outcome delivery={delivery} />,
                },
                {
                  key: 'duration',
                  title: t('events.duration'),
                  numeric: true,
                  cell: ({ duration_ms: ms }) => t('overview.ms', { value: number(ms) }),
                },
              ]}
            />
          )
        }
      </Reading>
      <More query={query} />
      {shown !== undefined && (
        <DeliveryDialog id={id} number={shown} onClose={() => setShown(undefined)} onChanged={onChanged} />
      )}
    </>
  );
}

function Outcome({ delivery: { outcome, status } }: { readonly delivery: WebhookDelivery }) {
  const { t } = useTranslation('operator');
  return (
    <Badge color={outcome === 'delivered' ? 'pine' : 'red'} variant="light" tt="none" size="lg" fw={600}>
      {status === null ? t('events.answer_none') : status}
    </Badge>
  );
}
