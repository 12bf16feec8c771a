import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './chart.module.css';

/** A chart with its legend, a summary in one sentence, and a table for readers who cannot see it. */
export function ChartFigure({
  title,
  legend,
  told,
  table,
  children,
}: {
  readonly title: string;
  readonly legend: readonly (readonly [kind: string, name: string])[];
  readonly told: string;
  /** Called when the reader opens the table. */
  readonly table: () => ReactNode;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation('operator');
  const [open, setOpen] = useState(false);
  return (
    <figure className={styles.figure} aria-label={title}>
      <ul className={styles.legend}>
        {legend.map(([kind, name]) => (
          <li key={kind}>
            <span className={styles.swatch} data-kind={kind} aria-hidden="true" />
            {name}
          </li>
        ))}
      </ul>
      {children}
      <figcaption className={`${styles.told} sello-figures`}>{told}</figcaption>
      <details className={styles.table} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>{t('overview.table')}</summary>
        {open && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          <section className={styles.rows} tabIndex={0} aria-label={t('overview.table_of', { title })}>
            {table()}
          </section>
        )}
      </details>
    </figure>
  );
}
