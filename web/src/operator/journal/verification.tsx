import { Button, Group } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { JournalVerification } from '../../api/operations.ts';
import { CheckIcon, ClockIcon, CrossIcon, DownloadIcon, InfoIcon, WarningIcon } from '../../design/icons.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { Card } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { useNumber } from '../use-number.ts';
import styles from './verification.module.css';

const KEY = ['operator', 'verification'] as const;
const RUNNING_POLL_MS = 1_000;
const ICONS = {
  none: InfoIcon,
  running: ClockIcon,
  whole: CheckIcon,
  faulty: CrossIcon,
  failed: WarningIcon,
} as const;

/** The result of the last verification of the journal, and the journal as a file. */
export function Verification() {
  const { t } = useTranslation('operator');
  const queryClient = useQueryClient();
  const query = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api('GET /v1/admin/journal/verification', {}, { signal }),
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? RUNNING_POLL_MS : false),
  });
  const start = useMutation({
    mutationFn: () => api('POST /v1/admin/journal/verification'),
    onSuccess: (begun) => queryClient.setQueryData(KEY, begun),
  });
  const running = query.data?.status === 'running';
  return (
    <Card title={t('journal.verification')}>
      <Reading query={query} lines={1}>
        {(verification) => <Result verification={verification} />}
      </Reading>
      <ProblemNote error={start.error} />
      <Group mt="md">
        <Button loading={running || start.isPending} onClick={() => start.mutate()}>
          {t(
            query.data === undefined || query.data.status === 'none'
              ? 'journal.verify'
              : 'journal.verify_again',
          )}
        </Button>
        <Button
          component="a"
          variant="default"
          href="/v1/admin/journal/export"
          download
          leftSection={<DownloadIcon size={18} />}
        >
          {t('journal.export')}
        </Button>
      </Group>
      <p className={styles.scope}>{t('journal.verify_scope')}</p>
      <p className={styles.scope}>{t('journal.export_text')}</p>
    </Card>
  );
}

function Result({ verification }: { readonly verification: JournalVerification }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const number = useNumber();
  const { status, entries, users, fault, finished_at: finishedAt } = verification;
  const Icon = ICONS[status];
  const figures = { entries: number(entries), users: number(users) };
  const words = () => {
    if (status === 'faulty' && fault)
      return t('journal.verified_faulty', {
        ...{ entry: number(fault.entry), user: fault.user, version: fault.version },
      });
    return t(`journal.verified_${status}`, { ...figures, entry: '', user: '', version: '' });
  };
  return (
    <div className={styles.result} data-status={status}>
      <span className={styles.icon}>
        <Icon />
      </span>
      <div>
        <p className="sello-text sello-figures" role={status === 'running' ? undefined : 'status'}>
          {words()}
        </p>
        {fault && (
          <p className="sello-text">
            <code>{fault.reason}</code> {fault.detail}
          </p>
        )}
        {finishedAt !== undefined && (
          <p className="sello-figures">{t('journal.verified_at', { time: shownTime(finishedAt, locale) })}</p>
        )}
      </div>
    </div>
  );
}
