import { useTranslation } from 'react-i18next';
import { useReason } from '../../account/use-reason.ts';
import type { Transaction } from '../../api/operations.ts';
import { CheckIcon, ClockIcon, CrossIcon } from '../../design/icons.tsx';
import { useDuration } from '../../design/use-duration.ts';
import { useNow } from '../../design/use-now.ts';
import styles from './transaction-page.module.css';

const ICONS = {
  pending: ClockIcon,
  approved: CheckIcon,
  refused: CrossIcon,
  expired: ClockIcon,
  cancelled: CrossIcon,
} as const;

/** The state of a transaction. Screen readers announce changes of it, but not the seconds. */
export function TransactionState({ transaction }: { readonly transaction: Transaction }) {
  const { t } = useTranslation('console');
  const reasonOf = useReason();
  const { status, reason } = transaction;
  const Icon = ICONS[status];
  const byUser = status === 'refused' && reason === 'user_refused';
  return (
    <div>
      <div className={styles.state} data-status={status} role="status">
        <span className={styles.stateIcon}>
          <Icon size={22} />
        </span>
        <div>
          <p className={styles.stateTitle}>{t(`transaction.${status}_title`)}</p>
          <p className={styles.stateText}>
            {byUser ? t('transaction.refused_user') : t(`transaction.${status}`)}
          </p>
          {reason !== undefined && !byUser && (
            <p className={styles.stateText}>{t('history.reason', { reason: reasonOf(reason) })}</p>
          )}
        </div>
      </div>
      {status === 'pending' && <TimeLeft until={transaction.expires_at} />}
    </div>
  );
}

function TimeLeft({ until }: { readonly until: string | undefined }) {
  const { t } = useTranslation('console');
  const duration = useDuration();
  const now = useNow();
  if (until === undefined) return null;
  const leftMs = new Date(until).getTime() - now;
  if (leftMs <= 0) return null;
  return (
    <p className={`${styles.left} sello-figures`} aria-live="off">
      {t('transaction.pending_left', { time: duration(leftMs) })}
    </p>
  );
}
