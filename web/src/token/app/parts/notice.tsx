import type { ReactNode } from 'react';
import { CheckIcon, InfoIcon, WarningIcon } from '../../../design/icons.tsx';
import styles from './notice.module.css';

const ICONS = { info: InfoIcon, good: CheckIcon, warning: WarningIcon, danger: WarningIcon };

/** A notice. Screen readers announce it, and interrupt for a danger. */
export function Notice({
  kind,
  children,
  action,
}: {
  readonly kind: keyof typeof ICONS;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  const Icon = ICONS[kind];
  return (
    <div className={`${styles.notice} ${styles[kind]}`} role={kind === 'danger' ? 'alert' : 'status'}>
      <Icon size={20} />
      <div className={styles.text}>{children}</div>
      {action}
    </div>
  );
}
