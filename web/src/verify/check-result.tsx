import { Alert } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ReceiptClaims } from '../account/verify-receipt.ts';
import { shownAmount } from '../design/amount.ts';
import { CheckIcon, CrossIcon, DownloadIcon, InfoIcon } from '../design/icons.tsx';
import { ProblemNote } from '../design/problem-note.tsx';
import { shownTime } from '../design/time.ts';
import { useLocale } from '../i18n/texts.ts';
import type { Checked, ProofResult } from './check-receipt.ts';
import styles from './verify.module.css';

/** What was approved, and what the check proves. */
export function CheckResult({ checked, error }: { readonly checked?: Checked; readonly error?: unknown }) {
  const { t } = useTranslation('verify');
  const account = useTranslation('account').t;
  if (!checked) return <ProblemNote error={error} />;
  const { claims, receipt, proof, proofText } = checked;
  if (!receipt.genuine) {
    return (
      <Alert color="red" title={account('receipt.false_title')} icon={<CrossIcon />}>
        {account(`receipt.false_${receipt.why}`)}
      </Alert>
    );
  }
  return (
    <>
      {claims && <Approved claims={claims} />}
      <Alert color="pine" title={account('receipt.genuine_title')} icon={<CheckIcon />}>
        <span className="sello-text">{t('genuine', { key: receipt.keyId })}</span>
      </Alert>
      {proof && <Proof proof={proof} />}
      {proofText !== undefined && claims && (
        <a
          className={styles.link}
          href={`data:text/plain;charset=utf-8,${encodeURIComponent(proofText)}`}
          download={`sello-receipt-${claims.jti}.tlog-proof`}
        >
          <DownloadIcon size={18} /> {t('keep_proof')}
        </a>
      )}
    </>
  );
}

function Proof({ proof }: { readonly proof: ProofResult }) {
  const { t } = useTranslation('verify');
  const locale = useLocale();
  const number = (value: number) => value.toLocaleString(locale);
  if (!proof.found) {
    return (
      <Alert color="yellow" title={t('no_proof_title')} icon={<InfoIcon />}>
        {t(`no_proof_${proof.why}`)}
      </Alert>
    );
  }
  if (!proof.valid) {
    return (
      <Alert color="red" title={t('proof_false_title')} icon={<CrossIcon />}>
        {t(`proof_false_${proof.why}`)}
      </Alert>
    );
  }
  const { index, size, origin, witnesses } = proof;
  return (
    <Alert color="pine" title={t('proof_title')} icon={<CheckIcon />}>
      <span className="sello-text">
        {t('proof_valid', { index: number(index), size: number(size), origin })}
        {witnesses.length > 0 && ` ${t('proof_witnesses', { names: witnesses.join(', ') })}`}
      </span>
    </Alert>
  );
}

function Approved({ claims }: { readonly claims: ReceiptClaims }) {
  const { t } = useTranslation('verify');
  const account = useTranslation('account').t;
  const locale = useLocale();
  const { sub, iat, jti, transaction } = claims;
  const amount = shownAmount(transaction.amount, transaction.currency, locale);
  return (
    <section className={styles.card} aria-label={t('approved_title')}>
      <h2 className={styles.approved}>{t('approved_title')}</h2>
      <p className={`${styles.sum} sello-figures`}>{amount}</p>
      <dl className={styles.facts}>
        <dt>{account('transaction.payee')}</dt>
        <dd className="sello-text">{transaction.payee}</dd>
        <dt>{account('transaction.payer')}</dt>
        <dd className="sello-text">{transaction.payer}</dd>
        <dt>{t('by')}</dt>
        <dd className="sello-text">{sub}</dd>
        <dt>{account('transaction.decided')}</dt>
        <dd className="sello-figures">{shownTime(new Date(iat * 1000).toISOString(), locale)}</dd>
        <dt>{account('transaction.id')}</dt>
        <dd className={styles.reference}>{jti}</dd>
      </dl>
    </section>
  );
}
