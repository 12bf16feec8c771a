import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/api.ts';
import type { WebhookDeliveryRequest } from '../../api/operations.ts';
import { Dialog } from '../../design/dialog.tsx';
import { DialogActions } from '../../design/dialog-actions.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { RawText } from '../../design/raw-text.tsx';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { Reading } from '../../shell/reading.tsx';
import { Facts } from '../table/facts.tsx';
import { useNumber } from '../use-number.ts';

/** One attempt: its request, its answer, and sending it again. */
export function DeliveryDialog({
  id,
  number,
  onClose,
  onChanged,
}: {
  readonly id: string;
  readonly number: number;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}) {
  const { t } = useTranslation('operator');
  const common = useTranslation().t;
  const path = { id, number: `${number}` };
  const query = useQuery({
    queryKey: ['operator', 'delivery', id, number],
    queryFn: ({ signal }) => api('GET /v1/admin/webhooks/{id}/deliveries/{number}', { path }, { signal }),
  });
  const retry = useMutation({
    mutationFn: () =>
      api(
        'POST /v1/admin/webhooks/{id}/deliveries/{number}/retry',
        { path },
        { idempotencyKey: idempotencyKey() },
      ),
    onSuccess() {
      onChanged();
      onClose();
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t('events.delivery_title')}>
      <Reading query={query}>{(delivery) => <Attempt delivery={delivery} />}</Reading>
      <ProblemNote error={retry.error} />
      <DialogActions mt="lg">
        <Button variant="default" onClick={onClose}>
          {common('close')}
        </Button>
        <Button loading={retry.isPending} onClick={() => retry.mutate()}>
          {t('events.retry')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Attempt({ delivery }: { readonly delivery: WebhookDeliveryRequest }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const number = useNumber();
  const { request, answer, status, outcome, duration_ms: ms, at, next_at: next } = delivery;
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <>
      <Facts
        facts={[
          [t('events.at'), shownTime(at, locale)],
          [t('events.answer'), status === null ? t('events.answer_none') : `${status}`],
          [t('events.outcome'), <code key="outcome">{outcome}</code>],
          [t('events.duration'), t('overview.ms', { value: number(ms) })],
          [t('events.next'), next === null ? t('events.next_none') : shownTime(next, locale)],
        ]}
      />
      <h3>{t('events.request')}</h3>
      <RawText>{[`POST ${request.url}`, ...headers, '', request.body ?? ''].join('\n')}</RawText>
      <h3>{t('events.answer_text')}</h3>
      <RawText>{answer === '' ? '–' : answer}</RawText>
    </>
  );
}
