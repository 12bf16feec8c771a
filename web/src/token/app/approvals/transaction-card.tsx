import { useTranslation } from 'react-i18next';
import { amountParts } from '../../../design/amount.ts';
import { useLookAlike } from '../../../design/use-look-alike.ts';
import { useLanguage } from '../../../i18n/texts.ts';
import type { BoundTransaction } from '../../transaction/bound-transaction.ts';
import { hasEscapes, shownText } from '../../transaction/shown-text.ts';
import type { TypedTransaction } from '../../transaction/typed-transaction.ts';
import { Notice } from '../parts/notice.tsx';
import { AccountText } from './account-text.tsx';
import styles from './transaction-card.module.css';

/** Shows exactly what will be signed: every value is read from the object that the code is computed over. */
export function TransactionCard({
  transaction,
  payeeResembles,
}: {
  readonly transaction: BoundTransaction | TypedTransaction;
  readonly payeeResembles?: string | undefined;
}) {
  const { t } = useTranslation('token');
  const lookAlike = useLookAlike();
  const language = useLanguage();
  const { payee, amount, currency } = transaction;
  const payer = 'payer' in transaction ? transaction.payer : undefined;
  const { number } = amountParts(amount, currency, language);
  const [whole = '', ...decimals] = number.split(/([.,]\d+$)/);
  return (
    <div className={styles.card}>
      <dl className={styles.list}>
        <div>
          <dt>{t('transaction.amount')}</dt>
          <dd className={styles.amount} style={{ '--length': `${number.length + currency.length}` }}>
            <span>
              {whole}
              <span className={styles.decimals}>{decimals.join('')}</span>
            </span>{' '}
            <span className={styles.currency}>{currency}</span>
          </dd>
        </div>
        <div>
          <dt>{t('transaction.payee')}</dt>
          <dd className={styles.payee}>
            <AccountText account={payee} />
          </dd>
        </div>
        {payer !== undefined && (
          <div>
            <dt>{t('transaction.payer')}</dt>
            <dd className={styles.payer}>
              <AccountText account={payer} />
            </dd>
          </div>
        )}
      </dl>
      {payeeResembles !== undefined && (
        <Notice kind="danger">{lookAlike(payee, payeeResembles, shownText(payeeResembles))}</Notice>
      )}
      {(hasEscapes(payee) || hasEscapes(payer ?? '')) && (
        <Notice kind="warning">{t('transaction.escapes')}</Notice>
      )}
    </div>
  );
}
