import { Button, Group, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/api.ts';
import type { Webhook, WebhookSecret } from '../../api/operations.ts';
import { ProblemNote } from '../../design/problem-note.tsx';
import { goTo } from '../../routing/use-route.ts';
import { api } from '../../session/server.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { TypesInput, typesOf } from './types-input.tsx';

type Asking = 'rotate' | 'disable' | 'types' | 'replay' | 'delete';

export function WebhookActions({
  webhook: { id, enabled, types: before },
  onSecret,
  onChanged,
}: {
  readonly webhook: Webhook;
  readonly onSecret: (made: WebhookSecret) => void;
  readonly onChanged: () => void;
}) {
  const { t } = useTranslation('operator');
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState<Asking>();
  const [types, setTypes] = useState(before.join(', '));
  const [from, setFrom] = useState('0');
  const path = { id };
  const close = () => setAsking(undefined);
  const done = () => {
    close();
    onChanged();
  };
  const once = () => ({ idempotencyKey: idempotencyKey() });
  const test = useMutation({
    mutationFn: () => api('POST /v1/admin/webhooks/{id}/test', { path }, once()),
    onSuccess: done,
  });
  const rotate = useMutation({
    mutationFn: () => api('POST /v1/admin/webhooks/{id}/secrets', { path }, once()),
    onSuccess(made) {
      close();
      onSecret(made);
    },
  });
  const change = useMutation({
    mutationFn: (body: { readonly enabled?: boolean; readonly types?: readonly string[] }) =>
      api('PATCH /v1/admin/webhooks/{id}', { path, body }),
    onSuccess: done,
  });
  const replay = useMutation({
    mutationFn: () =>
      api('POST /v1/admin/webhooks/{id}/replay', { path, body: { from: Number(from) } }, once()),
    onSuccess: done,
  });
  const remove = useMutation({
    mutationFn: () => api('DELETE /v1/admin/webhooks/{id}', { path }),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ['operator', 'webhooks'] });
      goTo('operator', 'events');
    },
  });
  return (
    <>
      <Group mt="lg">
        <Button size="sm" loading={test.isPending} disabled={!enabled} onClick={() => test.mutate()}>
          {t('events.test')}
        </Button>
        <Button variant="default" size="sm" onClick={() => setAsking('rotate')}>
          {t('events.rotate')}
        </Button>
        <Button variant="default" size="sm" onClick={() => setAsking('types')}>
          {t('events.edit_types')}
        </Button>
        <Button variant="default" size="sm" disabled={!enabled} onClick={() => setAsking('replay')}>
          {t('events.replay')}
        </Button>
        {enabled ? (
          <Button variant="light" color="red" size="sm" onClick={() => setAsking('disable')}>
            {t('events.disable')}
          </Button>
        ) : (
          <Button
            variant="default"
            size="sm"
            loading={change.isPending}
            onClick={() => change.mutate({ enabled: true })}
          >
            {t('events.enable')}
          </Button>
        )}
        <Button variant="light" color="red" size="sm" onClick={() => setAsking('delete')}>
          {t('events.delete')}
        </Button>
      </Group>
      {asking === undefined && <ProblemNote error={test.error ?? change.error} />}
      {test.isSuccess && <p role="status">{t('events.test_sent')}</p>}
      <Confirm
        opened={asking === 'rotate'}
        title={t('events.rotate_title')}
        text={t('events.rotate_text')}
        confirm={t('events.rotate_confirm')}
        action={{ ...rotate, mutate: () => rotate.mutate() }}
        onClose={close}
      />
      <Confirm
        opened={asking === 'types'}
        title={t('events.edit_types')}
        text={t('events.edit_types_text')}
        confirm={t('events.save')}
        action={{ ...change, mutate: () => change.mutate({ types: typesOf(types) }) }}
        onClose={close}
      >
        <TypesInput value={types} onChange={setTypes} />
      </Confirm>
      <Confirm
        opened={asking === 'replay'}
        title={t('events.replay')}
        text={t('events.replay_text')}
        confirm={t('events.replay_confirm')}
        action={{ ...replay, mutate: () => /^\d{1,15}$/.test(from) && replay.mutate() }}
        onClose={close}
      >
        <TextInput
          label={t('events.replay_from')}
          inputMode="numeric"
          pattern="[0-9]{1,15}"
          value={from}
          onChange={({ currentTarget }) => setFrom(currentTarget.value.trim())}
          error={/^\d{1,15}$/.test(from) ? undefined : t('events.replay_wrong')}
        />
      </Confirm>
      <Confirm
        opened={asking === 'disable'}
        title={t('events.disable_title')}
        text={t('events.disable_text')}
        confirm={t('events.disable')}
        action={{ ...change, mutate: () => change.mutate({ enabled: false }) }}
        onClose={close}
      />
      <Confirm
        opened={asking === 'delete'}
        title={t('events.delete_title')}
        text={t('events.delete_text')}
        confirm={t('events.delete')}
        action={{ ...remove, mutate: () => remove.mutate() }}
        onClose={close}
      />
    </>
  );
}
