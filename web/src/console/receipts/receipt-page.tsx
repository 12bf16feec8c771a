import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ReceiptActions } from '../../account/receipt-actions.tsx';
import { type ReceiptClaims, receiptClaims } from '../../account/verify-receipt.ts';
import type { Transaction } from '../../api/operations.ts';
import { shownAmount } from '../../design/amount.ts';
import { RawText } from '../../design/raw-text.tsx';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { Card, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import styles from '../transactions/transaction-facts.module.css';
import { TransactionHeading } from '../transactions/transaction-heading.tsx';
import { useTransaction } from '../transactions/use-transaction.ts';

const PROOFS = ['session', 'mac', 'code', 'bound_code'] as const;

export function ReceiptPage({ id }: { readonly id: string }) {
  const { t } = useTranslation('console');
  const transaction = useTransaction(id);
  const receipt = useQuery({
    queryKey: ['receipt', id],
    queryFn: ({ signal }) => api('GET /v1/receipts/{transaction}', { path: { transaction: id } }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Page title={t('receipts.one_title')} back={['receipts']} narrow>
      <Reading query={transaction}>
        {(shown) => (
          <Reading query={receipt}>{({ receipt: jws }) => <Shown transaction={shown} jws={jws} />}</Reading>
        )}
      </Reading>
    </Page>
  );
}

function Shown({ transaction, jws }: { readonly transaction: Transaction; readonly jws: string }) {
  const { t } = useTranslation('console');
  const claims = receiptClaims(jws);
  return (
    <>
      <Card>
        <TransactionHeading transaction={transaction} />
        <ReceiptActions transaction={transaction} jws={jws} />
      </Card>
      <Card title={t('receipts.states')}>
        {claims && <Claims claims={claims} />}
        <details>
          <summary>{t('receipts.raw')}</summary>
          <RawText>{jws}</RawText>
        </details>
      </Card>
    </>
  );
}

function Claims({ claims }: { readonly claims: ReceiptClaims }) {
  const { t } = useTranslation('console');
  const account = useTranslation('account').t;
  const locale = useLocale();
  const { sub, iat, jti, transaction, proofs, journal } = claims;
  const words = proofs.map((proof) => {
    const known = PROOFS.find((each) => each === proof);
    return known ? t(`receipts.proof_${known}`) : String(proof);
  });
  return (
    <dl className={styles.facts}>
      <dt>{t('receipts.user')}</dt>
      <dd className="sello-text">{sub}</dd>
      <dt>{account('transaction.payer')}</dt>
      <dd className="sello-text">{transaction.payer}</dd>
      <dt>{account('transaction.payee')}</dt>
      <dd className="sello-text">{transaction.payee}</dd>
      <dt>{account('transaction.amount')}</dt>
      <dd className="sello-figures">{shownAmount(transaction.amount, transaction.currency, locale)}</dd>
      <dt>{account('transaction.decided')}</dt>
      <dd className="sello-figures">{shownTime(new Date(iat * 1000).toISOString(), locale)}</dd>
      <dt>{t('receipts.proofs')}</dt>
      <dd>{words.join(', ')}</dd>
      <dt>{account('transaction.id')}</dt>
      <dd className={styles.reference}>{jti}</dd>
      <dt>{t('receipts.journal')}</dt>
      <dd className="sello-figures">{journal.version}</dd>
      <dt>{t('receipts.hash')}</dt>
      <dd className={styles.reference}>{journal.hash}</dd>
    </dl>
  );
}
