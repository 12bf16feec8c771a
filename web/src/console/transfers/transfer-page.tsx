import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Transaction } from '../../api/operations.ts';
import { isProblem } from '../../api/problem.ts';
import { shownAmount } from '../../design/amount.ts';
import { useLocale } from '../../i18n/texts.ts';
import { hashOf } from '../../routing/hash-route.ts';
import { api } from '../../session/server.ts';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { TransferFacts } from './transfer-facts.tsx';
import styles from './transfer-page.module.css';
import { TransferPending } from './transfer-pending.tsx';
import { TransferState } from './transfer-state.tsx';

export function useTransaction(id: string) {
  return useQuery({
    queryKey: ['transaction', id],
    queryFn: ({ signal }) => api('GET /v1/transactions/{id}', { path: { id } }, { signal }),
  });
}

/** One transfer and what becomes of it, as it happens. */
export function TransferPage({ id }: { readonly id: string }) {
  const { t } = useTranslation('console');
  const query = useTransaction(id);
  return (
    <Page title={t('transfer.title')} back={['transfers']} narrow>
      {isProblem(query.error, 'transaction_unknown') ? (
        <Empty title={t('transfer.unknown_title')} text={t('transfer.unknown')} />
      ) : (
        <Reading query={query}>
          {(transaction) => <Followed transaction={transaction} again={() => void query.refetch()} />}
        </Reading>
      )}
    </Page>
  );
}

function Followed({ transaction, again }: { readonly transaction: Transaction; readonly again: () => void }) {
  const { t } = useTranslation('console');
  const account = useTranslation('account').t;
  const locale = useLocale();
  const { id, status, amount, currency, payee, expires_at: expiresAt } = transaction;
  const latest = useRef(again);
  latest.current = again;

  // The server writes the expiry when it next looks; the page asks when it is due.
  useEffect(() => {
    if (status !== 'pending' || expiresAt === undefined) return;
    const timer = setTimeout(
      () => latest.current(),
      Math.max(0, new Date(expiresAt).getTime() - Date.now()) + 500,
    );
    return () => clearTimeout(timer);
  }, [status, expiresAt]);

  return (
    <>
      <Card>
        <p className={`${styles.amount} sello-figures`}>{shownAmount(amount, currency, locale)}</p>
        <p className={`${styles.payee} sello-text`}>{account('transaction.to', { payee })}</p>
        <TransferState transaction={transaction} />
        {status === 'pending' && <TransferPending transaction={transaction} />}
        {status === 'approved' && (
          <Button component="a" href={hashOf('receipts', id)} mt="md">
            {t('transfer.receipt')}
          </Button>
        )}
        {(status === 'expired' || status === 'refused') && (
          <Button component="a" href={hashOf('transfers', 'new')} variant="default" mt="md">
            {t('transfer.again')}
          </Button>
        )}
      </Card>
      <Card>
        <TransferFacts transaction={transaction} />
      </Card>
    </>
  );
}
