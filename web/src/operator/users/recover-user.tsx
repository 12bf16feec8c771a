import { Button, Group } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ProblemNote } from '../../design/problem-note.tsx';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { useSession } from '../../session/session-gate.tsx';

/** The recovery of a user who lost their tokens: one administrator asks, another confirms, then both wait. */
export function RecoverUser({ id }: { readonly id: string }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const { username: own } = useSession();
  const path = { id };
  const { data, refetch } = useQuery({
    queryKey: ['operator', 'recovery', id],
    queryFn: ({ signal }) => api('GET /v1/admin/users/{id}/recovery', { path }, { signal }),
  });
  const act = useMutation({
    async mutationFn(name: 'ask' | 'confirm' | 'cancel') {
      if (name === 'ask') await api('POST /v1/admin/users/{id}/recovery', { path });
      else if (name === 'confirm') await api('POST /v1/admin/users/{id}/recovery/confirmation', { path });
      else await api('DELETE /v1/admin/users/{id}/recovery', { path });
    },
    onSettled: () => refetch(),
  });
  if (!data) return null;
  const { recovery } = data;
  return (
    <>
      <p>{t('recovery.intro')}</p>
      {recovery && (
        <p role="status" className="sello-text">
          {recovery.ready_at === null
            ? t('recovery.asked', { by: recovery.asked_by })
            : t('recovery.ready', { time: new Date(recovery.ready_at).toLocaleString(locale) })}
        </p>
      )}
      <ProblemNote error={act.error} />
      <Group mt="sm">
        {!recovery && (
          <Button variant="default" loading={act.isPending} onClick={() => act.mutate('ask')}>
            {t('recovery.ask')}
          </Button>
        )}
        {recovery && recovery.ready_at === null && recovery.asked_by !== own && (
          <Button variant="default" loading={act.isPending} onClick={() => act.mutate('confirm')}>
            {t('recovery.confirm')}
          </Button>
        )}
        {recovery && (
          <Button variant="light" color="red" loading={act.isPending} onClick={() => act.mutate('cancel')}>
            {t('recovery.cancel')}
          </Button>
        )}
      </Group>
    </>
  );
}
