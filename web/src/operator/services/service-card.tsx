import { Badge, Button, Group } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/api.ts';
import type { Service, ServiceKey } from '../../api/operations.ts';
import { ProblemNote } from '../../design/problem-note.tsx';
import { api } from '../../session/server.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { Card } from '../../shell/page.tsx';
import { EditScopes } from './edit-scopes.tsx';
import { ExpiryChoice, expiryOf, type KeyDays } from './expiry-choice.tsx';
import { ServiceFacts } from './service-facts.tsx';

type Asking = 'rotate' | 'disable' | 'edit';

export function ServiceCard({
  service,
  onKey,
}: {
  readonly service: Service;
  readonly onKey: (key: ServiceKey) => void;
}) {
  const { t } = useTranslation('operator');
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState<Asking>();
  const [days, setDays] = useState<KeyDays>();
  const { name, disabled, keys } = service;
  const close = () => setAsking(undefined);
  const rotate = useMutation({
    mutationFn: () =>
      api(
        'POST /v1/admin/services/{name}/keys',
        { path: { name }, body: expiryOf(days) },
        { idempotencyKey: idempotencyKey() },
      ),
    onSuccess(key) {
      close();
      onKey(key);
    },
  });
  const change = useMutation({
    mutationFn: (verb: 'disable' | 'enable') =>
      api(`POST /v1/admin/services/{name}/${verb}`, { path: { name } }, { idempotencyKey: idempotencyKey() }),
    onSuccess() {
      close();
      return queryClient.invalidateQueries({ queryKey: ['operator', 'services'] });
    },
  });
  return (
    <Card
      title={name}
      actions={
        disabled && (
          <Badge color="red" variant="light" tt="none" size="lg" fw={600}>
            {t('services.disabled')}
          </Badge>
        )
      }
    >
      <ServiceFacts service={service} />
      <Group mt="lg">
        <Button
          variant="default"
          size="sm"
          aria-label={t('services.rotate_name', { name })}
          onClick={() => setAsking('rotate')}
        >
          {t('services.rotate')}
        </Button>
        <Button
          variant="default"
          size="sm"
          aria-label={t('services.edit_name', { name })}
          onClick={() => setAsking('edit')}
        >
          {t('services.edit')}
        </Button>
        {disabled ? (
          <Button
            variant="default"
            size="sm"
            aria-label={t('services.enable_name', { name })}
            loading={change.isPending}
            onClick={() => change.mutate('enable')}
          >
            {t('services.enable')}
          </Button>
        ) : (
          <Button
            variant="light"
            color="red"
            size="sm"
            aria-label={t('services.disable_name', { name })}
            onClick={() => setAsking('disable')}
          >
            {t('services.disable')}
          </Button>
        )}
      </Group>
      {asking === undefined && <ProblemNote error={change.error} />}
      <Confirm
        opened={asking === 'rotate'}
        title={t('services.rotate_title', { name })}
        text={t(keys.length > 1 ? 'services.rotate_two' : 'services.rotate_one')}
        confirm={t('services.rotate_confirm')}
        action={{ ...rotate, mutate: () => rotate.mutate() }}
        onClose={close}
      >
        <ExpiryChoice chosen={days} onChange={setDays} />
      </Confirm>
      <Confirm
        opened={asking === 'disable'}
        title={t('services.disable_title', { name })}
        text={t('services.disable_text')}
        confirm={t('services.disable_confirm')}
        action={{ ...change, mutate: () => change.mutate('disable') }}
        onClose={close}
      />
      {asking === 'edit' && <EditScopes service={service} onClose={close} />}
    </Card>
  );
}
