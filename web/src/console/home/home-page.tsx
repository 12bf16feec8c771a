import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { PhoneIcon, PlusIcon, TransactionIcon } from '../../design/icons.tsx';
import { hashOf } from '../../routing/hash-route.ts';
import { useSession } from '../../session/session-gate.tsx';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { useTokens } from '../devices/use-tokens.ts';
import { TransactionRows } from '../transactions/transaction-rows.tsx';
import { useTransactions } from '../transactions/use-transactions.ts';
import styles from './home-page.module.css';

const RECENT_MAX = 5;

export function HomePage() {
  const { t } = useTranslation('console');
  const { username } = useSession();
  const pending = useTransactions('pending');
  const recent = useTransactions(undefined, RECENT_MAX);
  const tokens = useTokens();
  const without = tokens.data && !tokens.data.some(({ status }) => status === 'active');
  return (
    <Page
      title={t('home.title', { username })}
      actions={
        <Button component="a" href={hashOf('transfers', 'new')} leftSection={<PlusIcon size={18} />}>
          {t('transactions.new')}
        </Button>
      }
    >
      {without && (
        <section className={styles.call} aria-label={t('home.no_token_title')}>
          <PhoneIcon size={30} />
          <div>
            <h2>{t('home.no_token_title')}</h2>
            <p>{t('home.no_token')}</p>
          </div>
          <Button component="a" href={hashOf('devices', 'enrol')}>
            {t('home.no_token_action')}
          </Button>
        </section>
      )}
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
