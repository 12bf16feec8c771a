import { useTranslation } from 'react-i18next';
import { ReceiptIcon } from '../../design/icons.tsx';
import { More } from '../../shell/more.tsx';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { TransactionRows } from '../transactions/transaction-rows.tsx';
import { useTransactions } from '../transactions/use-transactions.ts';

export function ReceiptsPage() {
  const { t } = useTranslation('console');
  const query = useTransactions('approved');
  return (
    <Page title={t('receipts.title')} intro={t('receipts.intro')}>
      <Card>
        <Reading query={query} lines={5}>
          {(transactions) =>
            transactions.length === 0 ? (
              <Empty
                icon={<ReceiptIcon size={26} />}
                title={t('receipts.none_title')}
                text={t('receipts.none')}
              />
            ) : (
              <TransactionRows transactions={transactions} to="receipts" />
            )
          }
        </Reading>
        <More query={query} />
      </Card>
    </Page>
  );
}
