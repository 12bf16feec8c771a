import { StatusBadge } from '../../account/status-badge.tsx';
import type { Transaction } from '../../api/operations.ts';
import { shownAmount } from '../../design/amount.ts';
import { ChevronRightIcon } from '../../design/icons.tsx';
import { shownPast } from '../../design/time.ts';
import { useNow } from '../../design/use-now.ts';
import { useLocale } from '../../i18n/texts.ts';
import { hashOf } from '../../routing/hash-route.ts';
import styles from './transaction-rows.module.css';

/** Transactions, newest first, each with a link to its page or its receipt. */
export function TransactionRows({
  transactions,
  to = 'transfers',
}: {
  readonly transactions: readonly Transaction[];
  readonly to?: 'transfers' | 'receipts';
}) {
  const locale = useLocale();
  const now = useNow(30_000);
  return (
    <ul className={styles.rows}>
      {transactions.map(({ id, payee, amount, currency, status, requested_at: at }) => {
        const shown = shownAmount(amount, currency, locale);
        const time = shownPast(at, locale, now);
        return (
          <li key={id}>
            <a className={styles.row} href={hashOf(to, id)}>
              <span className={styles.what}>
                <span className={`${styles.payee} sello-text`}>{payee}</span>
                <span className={styles.time}>{time}</span>
              </span>
              <span className={`${styles.amount} sello-figures`}>{shown}</span>
              <span className={styles.status}>
                <StatusBadge status={status} />
              </span>
              <ChevronRightIcon size={18} />
            </a>
          </li>
        );
      })}
    </ul>
  );
}
