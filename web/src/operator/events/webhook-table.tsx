import { useTranslation } from 'react-i18next';
import type { Webhook } from '../../api/operations.ts';
import { hashOf } from '../../routing/hash-route.ts';
import { Table } from '../table/table.tsx';
import { useNumber } from '../use-number.ts';
import { WebhookState } from './webhook-state.tsx';

export function WebhookTable({ webhooks }: { readonly webhooks: readonly Webhook[] }) {
  const { t } = useTranslation('operator');
  const number = useNumber();
  return (
    <Table
      caption={t('events.webhooks_title')}
      rows={webhooks}
      keyOf={({ id }) => id}
      columns={[
        {
          key: 'url',
          title: t('events.url'),
          cell: ({ id, url }) => <a href={hashOf('operator', 'events', id)}>{url}</a>,
        },
        {
          key: 'types',
          title: t('events.types'),
          cell: ({ types }) => (types.length === 0 ? t('events.types_all') : types.join(', ')),
        },
        {
          key: 'state',
          title: t('events.state'),
          whole: true,
          cell: (webhook) => <WebhookState webhook={webhook} />,
        },
        {
          key: 'outstanding',
          title: t('events.outstanding'),
          numeric: true,
          cell: ({ outstanding = 0 }) => number(outstanding),
        },
      ]}
    />
  );
}
