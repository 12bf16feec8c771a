import { useTranslation } from 'react-i18next';
import type { Transaction } from '../../api/operations.ts';
import { shownAmount } from '../../design/amount.ts';
import { useLocale } from '../../i18n/texts.ts';
import styles from './transaction-heading.module.css';

/** Amount and payee, in large type. */
export function TransactionHeading({
  transaction: { amount, currency, payee },
}: {
  readonly transaction: Pick<Transaction, 'amount' | 'currency' | 'payee'>;
}) {
  const { t } = useTranslation('account');
  const locale = useLocale();
  return (
    <>
      <p className={`${styles.amount} sello-figures`}>{shownAmount(amount, currency, locale)}</p>
      <p className={`${styles.payee} sello-text`}>{t('transaction.to', { payee })}</p>
    </>
  );
}
