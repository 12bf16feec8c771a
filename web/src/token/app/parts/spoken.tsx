import type { ReactNode } from 'react';
import styles from './spoken.module.css';

/** Text for screen readers only. @param live announces each change */
export function Spoken({
  children,
  live = false,
}: {
  readonly children: ReactNode;
  readonly live?: boolean;
}) {
  return (
    <span className={styles.spoken} {...(live ? { role: 'status' } : {})}>
      {children}
    </span>
  );
}
