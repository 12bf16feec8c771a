import { Alert } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { WarningIcon } from '../../design/icons.tsx';
import { useDuration } from '../../design/use-duration.ts';
import { hashOf } from '../../routing/hash-route.ts';
import { SinkName } from './sink-name.tsx';
import { isTroubled, useSinks } from './sinks.ts';

/** Says which sinks of events fail or are late. Renders nothing while all is well. */
export function SinkBanner() {
  const { t } = useTranslation('operator');
  const duration = useDuration();
  const troubled = useSinks().data?.sinks.filter(isTroubled) ?? [];
  if (troubled.length === 0) return null;
  return (
    <Alert color="yellow" role="status" title={t('events.banner_title')} icon={<WarningIcon />} mb="lg">
      <ul>
        {troubled.map((sink) => (
          <li key={sink.sink} className="sello-text">
            <SinkName sink={sink} />:{' '}
            {t(sink.problem ? 'events.banner_fails' : 'events.banner_late', {
              count: sink.lag,
              time: duration(sink.lag_ms),
            })}
          </li>
        ))}
      </ul>
      <a href={hashOf('operator', 'events')}>{t('events.banner_link')}</a>
    </Alert>
  );
}
