import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { EventSink, Webhook } from '../../api/operations.ts';
import { shownPast } from '../../design/time.ts';
import { useDuration } from '../../design/use-duration.ts';
import { useNow } from '../../design/use-now.ts';
import { useLocale } from '../../i18n/texts.ts';
import { Table } from '../table/table.tsx';
import { useNumber } from '../use-number.ts';
import styles from './events.module.css';
import { SinkName } from './sink-name.tsx';
import { isTroubled, webhookOf } from './sinks.ts';

const COLORS = {
  waiting: 'gray',
  connecting: 'yellow',
  running: 'pine',
  failed: 'red',
  stopped: 'gray',
} as const;

export function SinkTable({
  sinks,
  webhooks,
}: {
  readonly sinks: readonly EventSink[];
  /** Those that the reader may know of. */
  readonly webhooks: readonly Webhook[];
}) {
  const { t } = useTranslation('operator');
  const number = useNumber();
  const duration = useDuration();
  const urlOf = (sink: EventSink) => webhooks.find(({ id }) => id === webhookOf(sink))?.url;
  return (
    <Table
      caption={t('events.sinks_title')}
      rows={sinks}
      keyOf={({ sink }) => sink}
      columns={[
        { key: 'sink', title: t('events.sink'), cell: (sink) => <SinkName sink={sink} url={urlOf(sink)} /> },
        {
          key: 'state',
          title: t('events.state'),
          whole: true,
          cell: (sink) => (
            <Badge
              color={sink.state === 'running' && isTroubled(sink) ? 'yellow' : COLORS[sink.state]}
              variant="light"
              tt="none"
              size="lg"
              fw={600}
            >
              {t(`events.state_${sink.state}`)}
            </Badge>
          ),
        },
        {
          key: 'position',
          title: t('events.position'),
          numeric: true,
          cell: ({ next_index: next }) => number(next),
        },
        {
          key: 'lag',
          title: t('events.lag'),
          numeric: true,
          cell: ({ lag, lag_ms: lagMs }) =>
            lag === 0 ? number(0) : t('events.lag_of', { count: lag, time: duration(lagMs) }),
        },
        { key: 'problem', title: t('events.problem'), cell: (sink) => <Trouble sink={sink} /> },
      ]}
    />
  );
}

const KINDS = [
  'unreachable',
  'slow',
  'refused',
  'unauthorised',
  'misconfigured',
  'taken',
  'event_too_large',
  'diverged',
] as const;

function Trouble({ sink: { problem } }: { readonly sink: EventSink }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const now = useNow(30_000);
  if (problem === null) return t('events.problem_none');
  const kind = KINDS.find((known) => known === problem.kind) ?? 'internal';
  return (
    <>
      {t(`events.kind_${kind}`)} · {shownPast(problem.since, locale, now)}
      <br />
      <span className={styles.quiet} lang="en">
        {problem.message}
      </span>
    </>
  );
}
