import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Overview } from '../../api/operations.ts';
import { hashOf } from '../../routing/hash-route.ts';
import { type Filters, withFilters } from '../filters/hash-filters.ts';
import { useNumber } from '../use-number.ts';
import styles from './overview.module.css';

/** The address of a list with filters. */
export function filtered(list: 'journal' | 'transactions' | 'users', filters: Filters): string {
  return withFilters(hashOf('operator', list), filters);
}

/** The most important figures, each of which leads to what it counts. */
export function Figures({ overview }: { readonly overview: Overview }) {
  const { t } = useTranslation('operator');
  const number = useNumber();
  const { last_minute: minute, last_hour: hour, last_day: day, latency_ms: latency, batches } = overview;
  const of = (total: number) => t('overview.of_decisions', { total: number(total) });
  const figures: readonly { name: string; value: string; more: ReactNode; href?: string }[] = [
    {
      name: t('overview.decisions', { span: t('overview.span_minute') }),
      value: number(minute.decisions),
      href: filtered('journal', { span: 'minute' }),
      more: `${t('overview.approved')}: ${number(minute.approved)} · ${t('overview.refused_word')}: ${number(minute.refused)}`,
    },
    {
      name: t('overview.refused', { span: t('overview.span_hour') }),
      value: number(hour.refused),
      href: filtered('journal', { span: 'hour', type: '*.refused,*.locked' }),
      more: of(hour.decisions),
    },
    {
      name: t('overview.approved_day', { span: t('overview.span_day') }),
      value: number(day.approved),
      href: filtered('transactions', { span: 'day', status: 'approved' }),
      more: of(day.decisions),
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
      {figures.map(({ name, value, more, href }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={`${styles.value} sello-figures`}>
            {href === undefined ? value : <a href={href}>{value}</a>}
          </dd>
          <dd className={`${styles.more} sello-figures`}>{more}</dd>
        </div>
      ))}
    </dl>
  );
}
