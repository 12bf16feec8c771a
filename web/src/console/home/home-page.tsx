import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { PlusIcon, TransactionIcon } from '../../design/icons.tsx';
import { hashOf } from '../../routing/hash-route.ts';
import { useSession } from '../../session/session-gate.tsx';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { useLooksOnly } from '../devices/looks-only-banner.tsx';
import { TokenCall } from '../devices/token-call.tsx';
import { TransactionRows } from '../transactions/transaction-rows.tsx';
import { useTransactions } from '../transactions/use-transactions.ts';
import styles from './home-page.module.css';

const RECENT_MAX = 5;

export function HomePage() {
  const { t } = useTranslation('console');
  const { username } = useSession();
  const pending = useTransactions('pending');
  const recent = useTransactions(undefined, RECENT_MAX);
  const looksOnly = useLooksOnly();
  return (
    <Page
      title={t('home.title', { username })}
      actions={
        <Button component="a" href={hashOf('transfers', 'new')} leftSection={<PlusIcon size={18} />}>
          {t('transactions.new')}
        </Button>
      }
    >
      {!looksOnly && <TokenCall />}
      {pending.data && pending.data.length > 0 && (
        <Card title={t('home.waiting_title')}>
          <TransactionRows transactions={pending.data} />
        </Card>
      )}
      <Card
        title={t('home.recent_title')}
        actions={
          recent.data &&
          recent.data.length > 0 && (
            <a className={styles.all} href={hashOf('transfers')}>
              {t('home.all')}
            </a>
          )
        }
      >
        <Reading query={recent} lines={RECENT_MAX}>
          {(transactions) =>
            transactions.length === 0 ? (
              <Empty
                icon={<TransactionIcon size={26} />}
                title={t('home.recent_none_title')}
                text={t('home.recent_none')}
              />
            ) : (
              <TransactionRows transactions={transactions.slice(0, RECENT_MAX)} />
            )
          }
        </Reading>
      </Card>
    </Page>
  );
}
