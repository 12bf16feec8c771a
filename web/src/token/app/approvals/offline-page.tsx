import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ArrowLeftIcon } from '../../../design/icons.tsx';
import { hashOf } from '../../../routing/hash-route.ts';
import { readOfflineTransaction } from '../../transaction/offline-transaction.ts';
import { Notice } from '../parts/notice.tsx';
import styles from './approval-page.module.css';
import { OfflineApproval } from './offline-approval.tsx';
import { OfflineEntry } from './offline-entry.tsx';

/** Approves a transaction without a network: it is scanned, pasted or typed, and the user types its code elsewhere. */
export function OfflinePage({ linked }: { readonly linked: string | undefined }) {
  const { t } = useTranslation('token');
  const [transaction, setTransaction] = useState(() =>
    linked === undefined ? undefined : readOfflineTransaction(linked),
  );
  const [unreadable, setUnreadable] = useState(linked !== undefined && transaction === undefined);
  return (
    <main className={styles.page}>
      <a className={styles.back} href={hashOf('approvals')}>
        <ArrowLeftIcon /> {t('back')}
      </a>
      {transaction ? (
        <OfflineApproval transaction={transaction} onAgain={() => setTransaction(undefined)} />
      ) : (
        <>
          <h1>{t('offline.title')}</h1>
          <p>{t('offline.lead')}</p>
          {unreadable && <Notice kind="danger">{t('offline.unreadable')}</Notice>}
          <OfflineEntry
            onTransaction={(found) => {
              setTransaction(found);
              setUnreadable(found === undefined);
            }}
          />
        </>
      )}
    </main>
  );
}
