import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ReceiptActions } from '../../account/receipt-actions.tsx';
import { StatusBadge } from '../../account/status-badge.tsx';
import { useReason } from '../../account/use-reason.ts';
import type { UserTransaction } from '../../api/operations.ts';
import { shownAmount } from '../../design/amount.ts';
import { RawText } from '../../design/raw-text.tsx';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { hashOf } from '../../routing/hash-route.ts';
import { api } from '../../session/server.ts';
import { Card, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { EntryList } from '../journal/entry-list.tsx';
import { Facts } from '../table/facts.tsx';
import styles from './transaction-page.module.css';

/** One transaction from its request to its decision. */
export function TransactionPage({ user, id }: { readonly user: string; readonly id: string }) {
  const { t } = useTranslation('operator');
  const query = useQuery({
    queryKey: ['operator', 'transaction', user, id],
    queryFn: ({ signal }) =>
      api('GET /v1/admin/transactions/{id}', { path: { id }, query: { user } }, { signal }),
    refetchInterval: ({ state }) => (state.data?.transaction.status === 'pending' ? 5_000 : false),
  });
  return (
    <Page title={t('transactions.one_title', { user })} back={['operator', 'transactions']}>
      <Reading query={query} lines={6}>
        {({ transaction, entries, receipt }) => (
          <>
            <TransactionCard transaction={transaction} />
            <Card title={t('transactions.story')}>
              <p className={styles.intro}>{t('transactions.story_intro')}</p>
              <EntryList entries={entries} hashes />
            </Card>
            {receipt !== undefined && (
              <Card title={t('transactions.receipt')}>
                <ReceiptActions transaction={transaction} jws={receipt} />
                <details className={styles.raw}>
                  <summary>{t('transactions.raw')}</summary>
                  <RawText>{receipt}</RawText>
                </details>
              </Card>
            )}
          </>
        )}
      </Reading>
    </Page>
  );
}

function TransactionCard({ transaction }: { readonly transaction: UserTransaction }) {
  const { t } = useTranslation('operator');
  const account = useTranslation('account').t;
  const locale = useLocale();
  const reasonOf = useReason();
  const { id, user, payer, payee, amount, currency, status, reason } = transaction;
  const { requested_at: requestedAt, decided_at: decidedAt, requested_by: requester } = transaction;
  return (
    <Card>
      <div className={styles.head}>
        <div>
          <p className={`${styles.amount} sello-figures`}>{shownAmount(amount, currency, locale)}</p>
          <p className={`${styles.payee} sello-text`}>{account('transaction.to', { payee })}</p>
        </div>
        <StatusBadge status={status} />
      </div>
      <Facts
        facts={[
          [
            t('transactions.user'),
            <a key="user" className={styles.link} href={hashOf('operator', 'users', user)}>
              {user}
            </a>,
          ],
          [account('transaction.payer'), payer],
          [account('transaction.payee'), payee],
          ...(requester === undefined ? [] : [[account('transaction.service'), requester.service] as const]),
          ...(requester?.reference === undefined
            ? []
            : [[account('transaction.service_reference'), requester.reference] as const]),
          ...(requester?.message === undefined
            ? []
            : [[account('transaction.service_message'), requester.message] as const]),
          [account('transaction.requested'), shownTime(requestedAt, locale)],
          ...(decidedAt === undefined
            ? []
            : [[account('transaction.decided'), shownTime(decidedAt, locale)] as const]),
          ...(reason === undefined ? [] : [[account('transaction.reason'), reasonOf(reason)] as const]),
          [
            account('transaction.id'),
            <code key="id" className={styles.code}>
              {id}
            </code>,
          ],
        ]}
      />
    </Card>
  );
}
