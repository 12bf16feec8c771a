import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './filter-bar.module.css';
import { useFilters } from './use-filters.ts';

/** Filters that are needed less often. Open from the start where one of them is set. */
export function MoreFilters({
  names,
  children,
}: {
  readonly names: readonly string[];
  readonly children: ReactNode;
}) {
  const { t } = useTranslation('operator');
  const [filters] = useFilters();
  const id = useId();
  const isSet = names.some((name) => (filters[name] ?? '') !== '');
  return (
    <details className={styles.more} open={isSet || undefined}>
      <summary id={id}>{t('filters.more')}</summary>
      <fieldset className={styles.bar} aria-labelledby={id}>
        {children}
      </fieldset>
    </details>
  );
}
