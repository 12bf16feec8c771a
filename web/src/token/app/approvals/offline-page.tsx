import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { BoundTransaction } from '../../transaction/bound-transaction.ts';
import { readOfflineTransaction } from '../../transaction/offline-transaction.ts';
import type { TypedTransaction } from '../../transaction/typed-transaction.ts';
import { Page } from '../page.tsx';
import { Heading } from '../parts/heading.tsx';
import { Notice } from '../parts/notice.tsx';
import { OfflineApproval } from './offline-approval.tsx';
import { OfflineEntry } from './offline-entry.tsx';

/** Approves a transaction without a network: it is scanned, pasted or typed, and the user types its code elsewhere. */
export function OfflinePage({ linked }: { readonly linked: string | undefined }) {
  const { t } = useTranslation('token');
  const [transaction, setTransaction] = useState<BoundTransaction | TypedTransaction | undefined>(() =>
    linked === undefined ? undefined : readOfflineTransaction(linked),
  );
  const [unreadable, setUnreadable] = useState(linked !== undefined && transaction === undefined);
  return (
    <Page back="approvals">
      {transaction ? (
        <OfflineApproval transaction={transaction} onAgain={() => setTransaction(undefined)} />
      ) : (
        <>
          <Heading>{t('offline.title')}</Heading>
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
    </Page>
  );
}
