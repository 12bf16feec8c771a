import { Badge } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Answer } from '../../api/api.ts';
import { DownloadIcon, ShieldIcon } from '../../design/icons.tsx';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { Card, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { Facts } from '../table/facts.tsx';
import { Table } from '../table/table.tsx';
import { useNumber } from '../use-number.ts';
import styles from './log-page.module.css';
import { LogVerification } from './log-verification.tsx';

type Log = Answer<'GET /v1/admin/log'>;

const POLL_MS = 3_000;
const COLORS = { waiting: 'gray', signing: 'pine', failing: 'red' } as const;

/** The transparency log: how far it is sealed, by whom it is witnessed, and whether it is whole. */
export function LogPage() {
  const { t } = useTranslation('operator');
  const query = useQuery({
    queryKey: ['operator', 'log'],
    queryFn: ({ signal }) => api('GET /v1/admin/log', {}, { signal }),
    refetchInterval: POLL_MS,
  });
  return (
    <Page title={t('log.title')} intro={t('log.intro')}>
      <Reading query={query}>
        {(log) => (
          <>
            <State log={log} />
            <LogVerification />
            <Witnesses log={log} />
            <Archive log={log} />
          </>
        )}
      </Reading>
    </Page>
  );
}

const code = (text: string) => <code className={styles.code}>{text}</code>;

function State({ log }: { readonly log: Log }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const number = useNumber();
  const { checkpoint, entries_waiting: waiting, failing, sealing, verifier_key: key } = log;
  const sealer = failing ? 'sealing_failing' : sealing ? 'sealing_here' : 'sealing_elsewhere';
  return (
    <Card title={t('log.state')}>
      <Facts
        facts={[
          [t('log.size'), number(checkpoint?.size ?? 0)],
          [t('log.waiting'), number(waiting)],
          [t('log.signed'), checkpoint ? shownTime(checkpoint.at, locale) : t('log.none_yet')],
          [t('log.sealing'), t(`log.${sealer}`)],
          ...(checkpoint
            ? ([
                [t('log.origin'), checkpoint.origin],
                [t('log.root'), code(checkpoint.root)],
              ] as const)
            : []),
          [t('log.vkey'), code(key)],
        ]}
      />
      <div className={styles.links}>
        {checkpoint && (
          <a
            href={`data:text/plain;charset=utf-8,${encodeURIComponent(checkpoint.note)}`}
            download={`${checkpoint.at.slice(0, 10)}.checkpoint`}
          >
            <DownloadIcon size={18} /> {t('log.checkpoint')}
          </a>
        )}
        <a href="/verify">
          <ShieldIcon size={18} /> {t('log.receipt')}
        </a>
      </div>
    </Card>
  );
}

function Witnesses({ log: { witnesses } }: { readonly log: Log }) {
  const { t } = useTranslation('operator');
  const number = useNumber();
  return (
    <Card title={t('log.witnesses')}>
      {witnesses.length === 0 ? (
        <p className={styles.quiet}>{t('log.no_witnesses')}</p>
      ) : (
        <Table
          caption={t('log.witnesses')}
          rows={witnesses}
          keyOf={({ name }) => name}
          columns={[
            {
              key: 'name',
              title: t('log.witness'),
              cell: ({ name }) => <span className="sello-text">{name}</span>,
            },
            {
              key: 'state',
              title: t('log.witness_state'),
              cell: ({ status, reason }) => (
                <>
                  <Badge color={COLORS[status]} variant="light" tt="none" size="lg" fw={600}>
                    {t(`log.status_${status}`)}
                  </Badge>
                  {reason !== '' && <p className={`${styles.quiet} sello-text`}>{reason}</p>}
                </>
              ),
            },
            {
              key: 'size',
              title: t('log.witness_size'),
              cell: ({ signed_size: size }) => <span className="sello-figures">{number(size)}</span>,
            },
          ]}
        />
      )}
    </Card>
  );
}

function Archive({ log: { archive } }: { readonly log: Log }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const number = useNumber();
  const { archived, archived_at: at, users_erased: erased, erasures_running: running } = archive;
  return (
    <Card title={t('log.archive')}>
      <Facts
        facts={[
          [t('log.archived'), number(archived)],
          ...(at === null ? [] : ([[t('log.archived_at'), shownTime(at, locale)]] as const)),
          [t('log.erased'), number(erased)],
          ...(running === 0 ? [] : ([[t('log.erasing'), number(running)]] as const)),
        ]}
      />
    </Card>
  );
}
