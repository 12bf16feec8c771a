import type { ReactNode } from 'react';
import styles from './spoken.module.css';

/** For those who hear the page. @param live it is read out when it changes */
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
