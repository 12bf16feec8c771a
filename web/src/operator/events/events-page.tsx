import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WebhookSecret } from '../../api/operations.ts';
import { everyPage } from '../../api/pages.ts';
import { PlugIcon, PlusIcon } from '../../design/icons.tsx';
import { api } from '../../session/server.ts';
import { useSession } from '../../session/session-gate.tsx';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { CreateWebhook } from './create-webhook.tsx';
import { NewSecret } from './new-secret.tsx';
import { SinkTable } from './sink-table.tsx';
import { useSinks } from './sinks.ts';
import { WebhookTable } from './webhook-table.tsx';

export const WEBHOOKS_KEY = ['operator', 'webhooks'] as const;

/** Where events go: the sinks, and for administrators the webhooks. */
export function EventsPage() {
  const { t } = useTranslation('operator');
  const isAdmin = useSession().role === 'admin';
  const queryClient = useQueryClient();
  const [creating, setCreating] = useState(false);
  // The server shows a secret once. It is held only here and is gone with the page.
  const [made, setMade] = useState<WebhookSecret>();
  const sinks = useSinks();
  const webhooks = useQuery({
    queryKey: WEBHOOKS_KEY,
    queryFn: ({ signal }) => everyPage((query) => api('GET /v1/admin/webhooks', { query }, { signal })),
    select: (pages) => pages.flatMap((page) => page.webhooks),
    enabled: isAdmin,
  });
  const onSecret = (secret: WebhookSecret) => {
    setMade(secret);
    setCreating(false);
    void queryClient.invalidateQueries({ queryKey: WEBHOOKS_KEY });
  };
  return (
    <Page
      title={t('events.title')}
      intro={t('events.intro')}
      actions={
        isAdmin && (
          <Button leftSection={<PlusIcon size={18} />} onClick={() => setCreating(true)}>
            {t('events.create')}
          </Button>
        )
      }
    >
      {made && <NewSecret key={made.secret} made={made} onKept={() => setMade(undefined)} />}
      <Card title={t('events.sinks_title')}>
        <Reading query={sinks}>
          {({ sinks: shown }) =>
            shown.length === 0 ? (
              <Empty icon={<PlugIcon size={26} />} title={t('events.none_title')} text={t('events.none')} />
            ) : (
              <SinkTable sinks={shown} webhooks={webhooks.data ?? []} />
            )
          }
        </Reading>
      </Card>
      {isAdmin && (
        <Card title={t('events.webhooks_title')}>
          <Reading query={webhooks}>
            {(shown) =>
              shown.length === 0 ? (
                <Empty title={t('events.webhooks_none_title')} text={t('events.webhooks_none')} />
              ) : (
                <WebhookTable webhooks={shown} />
              )
            }
          </Reading>
        </Card>
      )}
      {creating && <CreateWebhook onSecret={onSecret} onClose={() => setCreating(false)} />}
    </Page>
  );
}
