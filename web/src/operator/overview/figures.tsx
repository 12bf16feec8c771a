import { useTranslation } from 'react-i18next';
import type { Overview } from '../../api/operations.ts';
import { useNumber } from '../use-number.ts';
import styles from './overview.module.css';

/** The four most important figures. */
export function Figures({ overview }: { readonly overview: Overview }) {
  const { t } = useTranslation('operator');
  const number = useNumber();
  const { last_minute: minute, last_hour: hour, latency_ms: latency, batches } = overview;
  const figures = [
    {
      name: t('overview.decisions'),
      value: number(minute.decisions),
      more: `${t('overview.approved')}: ${number(minute.approved)} · ${t('overview.refused_word')}: ${number(minute.refused)}`,
    },
    {
      name: t('overview.refused'),
      value: number(hour.refused),
      more: t('overview.refused_of', { total: number(hour.decisions) }),
    },
    {
      name: t('overview.latency'),
      value: latency.requests === 0 ? t('none') : t('overview.ms', { value: number(latency.p95, 1) }),
      more:
        latency.requests === 0
          ? t('overview.latency_none')
          : t('overview.latency_of', { count: latency.requests, shown: number(latency.requests) }),
    },
    {
      name: t('overview.batch'),
      value: batches.count === 0 ? t('none') : number(batches.mean_size, 1),
      more: t('overview.batch_of', { max: number(batches.max_size), batches: number(batches.count) }),
    },
  ];
  return (
    <dl className={styles.figures}>
      {figures.map(({ name, value, more }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={`${styles.value} sello-figures`}>{value}</dd>
          <dd className={`${styles.more} sello-figures`}>{more}</dd>
        </div>
      ))}
    </dl>
  );
}
