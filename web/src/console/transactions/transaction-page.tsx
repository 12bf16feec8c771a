import { Alert, Button } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Transaction } from '../../api/operations.ts';
import { isProblem } from '../../api/problem.ts';
import { WarningIcon } from '../../design/icons.tsx';
import { useLookAlike } from '../../design/use-look-alike.ts';
import { hashOf } from '../../routing/hash-route.ts';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { PendingTransactionActions } from './pending-transaction.tsx';
import { TransactionFacts } from './transaction-facts.tsx';
import { TransactionHeading } from './transaction-heading.tsx';
import { TransactionState } from './transaction-state.tsx';
import { useTransaction } from './use-transaction.ts';

/** One transaction and its progress, as it happens. */
export function TransactionPage({ id }: { readonly id: string }) {
  const { t } = useTranslation('console');
  const query = useTransaction(id);
  return (
    <Page title={t('transaction.title')} back={['transfers']} narrow>
      {isProblem(query.error, 'transaction_unknown') ? (
        <Empty title={t('transaction.unknown_title')} text={t('transaction.unknown')} />
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
  const lookAlike = useLookAlike();
  const { id, status, payee, payee_resembles: resembled, expires_at: expiresAt } = transaction;
  const latest = useRef(again);
  latest.current = again;

  // The server records the expiry when it next looks, so the page asks when it is due.
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
        <TransactionHeading transaction={transaction} />
        {status === 'pending' && resembled !== undefined && (
          <Alert color="red" icon={<WarningIcon />} my="md">
            {lookAlike(payee, resembled)}
          </Alert>
        )}
        <TransactionState transaction={transaction} />
        {status === 'pending' && <PendingTransactionActions transaction={transaction} />}
        {status === 'approved' && (
          <Button component="a" href={hashOf('receipts', id)} mt="md">
            {t('transaction.receipt')}
          </Button>
        )}
        {(status === 'expired' || status === 'refused') && (
          <Button component="a" href={hashOf('transfers', 'new', id)} variant="default" mt="md">
            {t('transaction.again')}
          </Button>
        )}
      </Card>
      <Card>
        <TransactionFacts transaction={transaction} />
      </Card>
    </>
  );
}
