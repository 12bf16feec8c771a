import { useTranslation } from 'react-i18next';
import { shownTime } from '../../design/time.ts';
import { useDuration } from '../../design/use-duration.ts';
import { useLocale } from '../../i18n/texts.ts';
import { Card, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { SinkBanner } from '../events/sink-banner.tsx';
import { DecisionsChart } from './decisions-chart.tsx';
import { Figures } from './figures.tsx';
import { LatencyChart } from './latency-chart.tsx';
import styles from './overview.module.css';
import { Parts } from './parts.tsx';
import { Queues } from './queues.tsx';
import { Refusals } from './refusals.tsx';
import { type LiveOverview, useOverview } from './use-overview.ts';

/** Live figures of the server. */
export function OverviewPage() {
  const { t } = useTranslation('operator');
  const live = useOverview();
  const { overview, samples } = live;
  return (
    <Page title={t('overview.title')} actions={<Pulse live={live} />}>
      <Reading query={{ data: overview, error: null, refetch: () => undefined }} lines={6}>
        {(shown) => (
          <>
            <About overview={shown} />
            <Counting until={shown.counted_until} />
            <SinkBanner />
            <Card>
              <Figures overview={shown} />
            </Card>
            <Card title={t('overview.minutes_title')}>
              <DecisionsChart minutes={shown.minutes} />
            </Card>
            <div className={styles.pair}>
              <div className={styles.column}>
                <Card title={t('overview.latency_title')}>
                  <p className={styles.quiet}>{t('overview.latency_intro')}</p>
                  <LatencyChart latency={shown.latency_ms} samples={samples} />
                </Card>
                <Card title={t('overview.parts_title')}>
                  <Parts overview={shown} />
                </Card>
              </div>
              <div className={styles.column}>
                <Card title={t('overview.refusals_title')}>
                  <Refusals refusals={shown.refusals} />
                </Card>
                <Card title={t('overview.queues_title')}>
                  <Queues overview={shown} />
                </Card>
              </div>
            </div>
          </>
        )}
      </Reading>
    </Page>
  );
}

function About({ overview: { versions, uptime_ms: uptimeMs } }: { readonly overview: LiveShown }) {
  const { t } = useTranslation('operator');
  const duration = useDuration();
  return (
    <p className={styles.about}>
      {t('overview.about', { version: versions.sello, node: versions.node, time: duration(uptimeMs) })}
    </p>
  );
}

/** Says until when the figures are, where counting is behind. */
function Counting({ until }: { readonly until: string | null }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  if (until === null) return null;
  return <p className={styles.about}>{t('overview.counting', { time: shownTime(until, locale) })}</p>;
}

type LiveShown = NonNullable<LiveOverview['overview']>;

/** Says whether the figures are live. */
function Pulse({ live: { state, overview } }: { readonly live: LiveOverview }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  const words = () => {
    if (state === 'open') return t('overview.live');
    if (overview === undefined || state === 'connecting') return t('overview.connecting');
    return t('overview.stale', { time: clock.format(new Date(overview.at)) });
  };
  return (
    <p className={styles.pulse} data-state={state} role="status">
      <span className={styles.dot} aria-hidden="true" />
      {words()}
    </p>
  );
}
