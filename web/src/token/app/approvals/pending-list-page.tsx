import { useTranslation } from 'react-i18next';
import { amountParts } from '../../../design/amount.ts';
import { ChevronRightIcon, ShieldIcon } from '../../../design/icons.tsx';
import { useLanguage } from '../../../i18n/texts.ts';
import { hashOf } from '../../../routing/hash-route.ts';
import type { FeedView } from '../../device/pending-feed.ts';
import type { PendingTransaction } from '../../transaction/pending-transaction.ts';
import { useDeviceView, useWaiting } from '../device-context.tsx';
import { Page } from '../page.tsx';
import { Heading } from '../parts/heading.tsx';
import { Notice } from '../parts/notice.tsx';
import { ProblemText } from '../parts/problem-text.tsx';
import { Spoken } from '../parts/spoken.tsx';
import { AccountText } from './account-text.tsx';
import { Countdown } from './countdown.tsx';
import styles from './pending-list-page.module.css';

export function PendingListPage() {
  const { t } = useTranslation('token');
  const { feeds } = useDeviceView();
  const waiting = useWaiting();
  const unreadable = feeds.reduce((sum, feed) => sum + feed.unreadable, 0);
  const loading = feeds.some((feed) => feed.loading);
  const unread = feeds.some((feed) => feed.state !== 'open' || feed.error !== undefined);
  return (
    <Page>
      <Heading>{t('approvals.title')}</Heading>
      {unreadable > 0 && <Notice kind="danger">{t('approvals.unreadable', { count: unreadable })}</Notice>}
      {feeds.map((feed) => (
        <Failure key={feed.tokenId} feed={feed} />
      ))}
      {waiting.length > 0 && (
        <ul className={styles.list}>
          {waiting.map((pending) => (
            <li key={pending.id}>
              <Row pending={pending} />
            </li>
          ))}
        </ul>
      )}
      {waiting.length === 0 &&
        (loading ? (
          <p className={styles.empty} role="status">
            {t('approvals.loading')}
          </p>
        ) : (
          <div className={styles.empty}>
            <ShieldIcon size={40} />
            <strong>{t(unread ? 'approvals.unread' : 'approvals.none')}</strong>
            <span>{t(unread ? 'approvals.unread_lead' : 'approvals.none_lead')}</span>
          </div>
        ))}
      <a className={styles.offline} href={hashOf('offline')}>
        <span>
          <strong>{t('approvals.offline')}</strong>
          <span>{t('approvals.offline_hint')}</span>
        </span>
        <ChevronRightIcon />
      </a>
    </Page>
  );
}

function Failure({ feed }: { readonly feed: FeedView }) {
  const { t } = useTranslation('token');
  if (feed.error === undefined || feed.state !== 'open') return null;
  return (
    <>
      <Notice kind="warning">{t('approvals.failed')}</Notice>
      <ProblemText error={feed.error} />
    </>
  );
}

function Row({ pending }: { readonly pending: PendingTransaction }) {
  const { t } = useTranslation('token');
  const language = useLanguage();
  const { amount: exact, currency, payee } = pending.transaction;
  const { number: amount } = amountParts(exact, currency, language);
  return (
    <a className={styles.row} href={hashOf('approvals', pending.id)}>
      <Spoken>{t('approvals.transaction')} </Spoken>
      <span className={styles.amount} style={{ '--length': `${amount.length + currency.length}` }}>
        {amount} <small>{currency}</small>
      </span>
      <span className={styles.payee}>
        <AccountText account={payee} />
      </span>
      <Countdown untilMs={pending.expiresAtMs} />
    </a>
  );
}
