import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ServiceKey } from '../../api/operations.ts';
import { everyPage } from '../../api/pages.ts';
import { KeyIcon, PlusIcon } from '../../design/icons.tsx';
import { api } from '../../session/server.ts';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { CreateService } from './create-service.tsx';
import { NewKey } from './new-key.tsx';
import { ServiceCard } from './service-card.tsx';

export const SERVICES_KEY = ['operator', 'services'] as const;

export function ServicesPage() {
  const { t } = useTranslation('operator');
  const queryClient = useQueryClient();
  const [creating, setCreating] = useState(false);
  // The server shows a key once. It is held only here and is gone with the page.
  const [made, setMade] = useState<ServiceKey>();
  const query = useQuery({
    queryKey: SERVICES_KEY,
    queryFn: ({ signal }) => everyPage((query) => api('GET /v1/admin/services', { query }, { signal })),
    select: (pages) => pages.flatMap(({ services }) => services),
  });
  const onKey = (key: ServiceKey) => {
    setMade(key);
    setCreating(false);
    void queryClient.invalidateQueries({ queryKey: SERVICES_KEY });
  };
  return (
    <Page
      title={t('services.title')}
      intro={t('services.intro')}
      actions={
        <Button leftSection={<PlusIcon size={18} />} onClick={() => setCreating(true)}>
          {t('services.create')}
        </Button>
      }
    >
      {made && <NewKey key={made.key} made={made} onKept={() => setMade(undefined)} />}
      <Reading query={query}>
        {(services) =>
          services.length === 0 ? (
            <Card>
              <Empty
                icon={<KeyIcon size={26} />}
                title={t('services.none_title')}
                text={t('services.none')}
              />
            </Card>
          ) : (
            services.map((service) => <ServiceCard key={service.id} service={service} onKey={onKey} />)
          )
        }
      </Reading>
      {creating && <CreateService onKey={onKey} onClose={() => setCreating(false)} />}
    </Page>
  );
}
