import type { ReactNode } from 'react';
import styles from './raw-text.module.css';

/** Text as a program wrote it, such as JSON or a JWS, in monospace. */
export function RawText({ children }: { readonly children: ReactNode }) {
  return <pre className={styles.raw}>{children}</pre>;
}
