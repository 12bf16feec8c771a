import { useTranslation } from 'react-i18next';
import type { Transaction } from '../../api/operations.ts';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import styles from './transaction-facts.module.css';

export function TransactionFacts({ transaction }: { readonly transaction: Transaction }) {
  const { t } = useTranslation('account');
  const locale = useLocale();
  const {
    id,
    payer,
    payee,
    amount,
    currency,
    requested_at: requestedAt,
    decided_at: decidedAt,
    requested_by: requester,
  } = transaction;
  return (
    <dl className={styles.facts}>
      <dt>{t('transaction.payer')}</dt>
      <dd className="sello-text">{payer}</dd>
      <dt>{t('transaction.payee')}</dt>
      <dd className="sello-text">{payee}</dd>
      <dt>{t('transaction.amount')}</dt>
      <dd className="sello-figures">
        {amount} {currency}
      </dd>
      {requester !== undefined && (
        <>
          <dt>{t('transaction.service')}</dt>
          <dd className="sello-text">{requester.service}</dd>
        </>
      )}
      {requester?.reference !== undefined && (
        <>
          <dt>{t('transaction.service_reference')}</dt>
          <dd className="sello-text">{requester.reference}</dd>
        </>
      )}
      {requester?.message !== undefined && (
        <>
          <dt>{t('transaction.service_message')}</dt>
          <dd className="sello-text">{requester.message}</dd>
        </>
      )}
      <dt>{t('transaction.requested')}</dt>
      <dd className="sello-figures">{shownTime(requestedAt, locale)}</dd>
      {decidedAt !== undefined && (
        <>
          <dt>{t('transaction.decided')}</dt>
          <dd className="sello-figures">{shownTime(decidedAt, locale)}</dd>
        </>
      )}
      <dt>{t('transaction.id')}</dt>
      <dd className={styles.reference}>{id}</dd>
    </dl>
  );
}
