import type { ReactNode } from 'react';
import styles from './filter-bar.module.css';

/** The fields above a list; a landmark, so that they are found. */
export function FilterBar({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <search className={styles.bar} aria-label={label}>
      {children}
    </search>
  );
}
