import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { download, ReceiptActions } from '../../account/receipt-actions.tsx';
import { type ReceiptClaims, receiptClaims } from '../../account/verify-receipt.ts';
import type { Transaction } from '../../api/operations.ts';
import { shownAmount } from '../../design/amount.ts';
import { DownloadIcon, PrintIcon } from '../../design/icons.tsx';
import { RawText } from '../../design/raw-text.tsx';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { Card, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import styles from '../transactions/transaction-facts.module.css';
import './print.css';
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
  const facts = useFacts(claims);
  // The fragment reaches no server and no log.
  const verification = `${location.origin}/verify#${jws}`;
  return (
    <>
      <Card>
        <TransactionHeading transaction={transaction} />
        <ReceiptActions transaction={transaction} jws={jws}>
          {claims && <PdfButton jws={jws} claims={claims} facts={facts} verification={verification} />}
          <Button variant="default" leftSection={<PrintIcon />} onClick={() => print()}>
            {t('receipts.print')}
          </Button>
        </ReceiptActions>
        <p className={styles.public}>
          <a href={verification} target="_blank" rel="noopener">
            {t('receipts.verify_public')}
          </a>
        </p>
      </Card>
      <Card title={t('receipts.states')}>
        <dl className={styles.facts}>
          {facts.map(({ name, value, look }) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd className={look}>{value}</dd>
            </Fragment>
          ))}
        </dl>
        <details>
          <summary>{t('receipts.raw')}</summary>
          <RawText>{jws}</RawText>
        </details>
        <div className="sello-print">
          <RawText>{jws}</RawText>
        </div>
      </Card>
    </>
  );
}

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly look: string | undefined;
}

/** What the receipt states, in words. */
function useFacts(claims: ReceiptClaims | undefined): readonly Fact[] {
  const { t } = useTranslation('console');
  const account = useTranslation('account').t;
  const locale = useLocale();
  if (!claims) return [];
  const { sub, iat, jti, transaction, proofs, journal } = claims;
  const words = proofs.map((proof) => {
    const known = PROOFS.find((each) => each === proof);
    return known ? t(`receipts.proof_${known}`) : String(proof);
  });
  const text = 'sello-text';
  const figures = 'sello-figures';
  const amount = shownAmount(transaction.amount, transaction.currency, locale);
  const at = shownTime(new Date(iat * 1000).toISOString(), locale);
  return [
    { name: t('receipts.user'), value: sub, look: text },
    { name: account('transaction.payer'), value: transaction.payer, look: text },
    { name: account('transaction.payee'), value: transaction.payee, look: text },
    { name: account('transaction.amount'), value: amount, look: figures },
    { name: account('transaction.decided'), value: at, look: figures },
    { name: t('receipts.proofs'), value: words.join(', '), look: undefined },
    { name: account('transaction.id'), value: jti, look: styles.reference },
    { name: t('receipts.journal'), value: String(journal.version), look: figures },
    { name: t('receipts.hash'), value: journal.hash, look: styles.reference },
  ];
}

/** Makes the PDF by a part of the program that is loaded when it is asked for. */
function PdfButton({
  jws,
  claims,
  facts,
  verification,
}: {
  readonly jws: string;
  readonly claims: ReceiptClaims;
  readonly facts: readonly Fact[];
  readonly verification: string;
}) {
  const { t, i18n } = useTranslation('console');
  const make = useMutation({
    async mutationFn() {
      const { receiptPdf } = await import('../../account/receipt-pdf/receipt-pdf.ts');
      const words = {
        title: t('receipts.one_title'),
        language: i18n.language,
        intro: t('receipts.pdf_intro'),
        facts,
        verify: t('receipts.verify_public'),
        signed: t('receipts.raw'),
        attached: t('receipts.pdf_attached'),
      };
      const pdf = receiptPdf(jws, claims, words, verification);
      download(pdf, `sello-receipt-${claims.jti}.pdf`, 'application/pdf');
    },
  });
  return (
    <Button
      variant="default"
      leftSection={<DownloadIcon />}
      loading={make.isPending}
      onClick={() => make.mutate()}
    >
      {t('receipts.pdf')}
    </Button>
  );
}
