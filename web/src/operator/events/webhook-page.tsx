import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Webhook, WebhookSecret } from '../../api/operations.ts';
import { shownPast, shownTime } from '../../design/time.ts';
import { useNow } from '../../design/use-now.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { Card, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { Facts } from '../table/facts.tsx';
import { useNumber } from '../use-number.ts';
import { Deliveries } from './deliveries.tsx';
import { NewSecret } from './new-secret.tsx';
import { WebhookActions } from './webhook-actions.tsx';
import { WebhookState } from './webhook-state.tsx';

const PERIOD_MS = 5_000;

/** One webhook, its secrets and its delivery log. */
export function WebhookPage({ id }: { readonly id: string }) {
  const { t } = useTranslation('operator');
  const queryClient = useQueryClient();
  const [made, setMade] = useState<WebhookSecret>();
  const queryKey = ['operator', 'webhook', id];
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => api('GET /v1/admin/webhooks/{id}', { path: { id } }, { signal }),
    refetchInterval: PERIOD_MS,
  });
  const onChanged = () => {
    void queryClient.invalidateQueries({ queryKey });
    void queryClient.invalidateQueries({ queryKey: ['operator', 'webhooks'] });
    void queryClient.invalidateQueries({ queryKey: ['operator', 'deliveries', id] });
  };
  const onSecret = (secret: WebhookSecret) => {
    setMade(secret);
    onChanged();
  };
  return (
    <Page title={t('events.webhook_title')} back={['operator', 'events']}>
      {made && <NewSecret key={made.secret} made={made} onKept={() => setMade(undefined)} />}
      <Reading query={query}>
        {(webhook) => (
          <>
            <Card title={webhook.url} actions={<WebhookState webhook={webhook} />}>
              <WebhookFacts webhook={webhook} />
              <WebhookActions webhook={webhook} onSecret={onSecret} onChanged={onChanged} />
            </Card>
            <Card title={t('events.deliveries_title')}>
              <Deliveries id={id} onChanged={onChanged} />
            </Card>
          </>
        )}
      </Reading>
    </Page>
  );
}

function WebhookFacts({ webhook }: { readonly webhook: Webhook }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const number = useNumber();
  const now = useNow(30_000);
  const { types, secrets, next_index: next = 0, outstanding = 0, failing_since: failing } = webhook;
  const secretWords = secrets.map(({ created_at: at, expires_at: end }) =>
    end === null
      ? t('events.secret_since', { time: shownPast(at, locale, now) })
      : t('events.secret_until', { time: shownTime(end, locale) }),
  );
  return (
    <Facts
      facts={[
        [t('events.types'), types.length === 0 ? t('events.types_all') : types.join(', ')],
        [t('events.position'), number(next)],
        [t('events.outstanding'), number(outstanding)],
        [t('events.secrets'), secretWords.join(' · ')],
        ...(typeof failing === 'string'
          ? [[t('events.failing_since'), shownPast(failing, locale, now)] as const]
          : []),
      ]}
    />
  );
}
