import { Loader } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import type { Route } from '../routing/hash-route.ts';
import { NotFound } from '../shell/not-found.tsx';
import { DevicesPage } from './devices/devices-page.tsx';
import { EnrolPage } from './devices/enrol-page.tsx';
import { HistoryPage } from './history/history-page.tsx';
import { HomePage } from './home/home-page.tsx';
import { ReceiptPage } from './receipts/receipt-page.tsx';
import { ReceiptsPage } from './receipts/receipts-page.tsx';
import { SecurityPage } from './security/security-page.tsx';
import { NewTransactionPage } from './transactions/new-transaction-page.tsx';
import { TransactionPage } from './transactions/transaction-page.tsx';
import { TransactionsPage } from './transactions/transactions-page.tsx';

const OperatorArea = lazy(() => import('../operator/operator-area.tsx'));

/** The page at a place of the console. */
export function Pages({ route }: { readonly route: Route }) {
  const { t } = useTranslation();
  const [area, id, ...rest] = route;
  switch (area) {
    case undefined:
      return <HomePage />;
    case 'transfers':
      if (id === 'new') return <NewTransactionPage again={rest[0]} key={rest[0]} />;
      if (rest.length > 0) return <NotFound />;
      return id === undefined ? <TransactionsPage /> : <TransactionPage id={id} key={id} />;
    case 'receipts':
      if (rest.length > 0) return <NotFound />;
      return id === undefined ? <ReceiptsPage /> : <ReceiptPage id={id} key={id} />;
    case 'devices':
      if (id === undefined) return <DevicesPage />;
      return id === 'enrol' && rest.length === 0 ? <EnrolPage /> : <NotFound />;
    case 'security':
      return id === undefined ? <SecurityPage /> : <NotFound />;
    case 'history':
      return id === undefined ? <HistoryPage /> : <NotFound />;
    case 'operator':
      return (
        <Suspense fallback={<Loader aria-label={t('loading')} />}>
          <OperatorArea route={route.slice(1)} />
        </Suspense>
      );
    default:
      return <NotFound />;
  }
}
