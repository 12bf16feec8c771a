import { Alert, Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ProblemNote } from '../design/problem-note.tsx';
import { useLocale } from '../i18n/texts.ts';
import { api } from '../session/server.ts';

const PERIOD_MS = 60_000;

/** Tells the user that administrators are giving the account to a new device, and lets them cancel it. */
export function RecoveryBanner() {
  const { t } = useTranslation('shell');
  const locale = useLocale();
  const queryClient = useQueryClient();
  const { data } = useQuery({
    queryKey: ['recovery'],
    queryFn: ({ signal }) => api('GET /v1/recovery', {}, { signal }),
    refetchInterval: PERIOD_MS,
  });
  const cancel = useMutation({
    mutationFn: () => api('DELETE /v1/recovery'),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['recovery'] }),
  });
  const recovery = data?.recovery;
  if (!recovery) return null;
  const { asked_by: by, ready_at: readyAt } = recovery;
  return (
    <Alert color="red" role="alert" title={t('recovery.title')} mb="lg">
      <p className="sello-text">
        {readyAt === null
          ? t('recovery.asked', { by })
          : t('recovery.ready', { by, time: new Date(readyAt).toLocaleString(locale) })}
      </p>
      <ProblemNote error={cancel.error} />
      <Button color="red" mt="sm" loading={cancel.isPending} onClick={() => cancel.mutate()}>
        {t('recovery.cancel')}
      </Button>
    </Alert>
  );
}
