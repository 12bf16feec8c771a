import { useTranslation } from 'react-i18next';
import type { Transaction } from '../../../api/operations.ts';
import { CheckIcon, ClockIcon, CrossIcon } from '../../../design/icons.tsx';
import { goTo } from '../../../routing/use-route.ts';
import type { BoundTransaction } from '../../transaction/bound-transaction.ts';
import { Button } from '../parts/button.tsx';
import { Heading } from '../parts/heading.tsx';
import styles from '../parts/outcome.module.css';
import { TransactionCard } from './transaction-card.tsx';

export type Ending =
  | { readonly kind: 'approved' | 'refused' | 'gone' | 'unreachable' }
  | { readonly kind: 'decided'; readonly as: Exclude<Transaction['status'], 'pending'> }
  | { readonly kind: 'unsure'; readonly lookAgain: () => Promise<void> };

/** The outcome of a transaction. The heading takes the focus, so that screen readers announce it. */
export function ApprovalOutcome({
  ending,
  transaction,
}: {
  readonly ending: Ending;
  readonly transaction?: BoundTransaction;
}) {
  const { t } = useTranslation('token');
  const { title, lead, look } = {
    approved: { title: t('transaction.approved'), lead: t('transaction.approved_lead'), look: 'good' },
    refused: { title: t('transaction.refused'), lead: t('transaction.refused_lead'), look: 'bad' },
    gone: { title: t('transaction.gone'), lead: t('transaction.gone_lead'), look: 'plain' },
    unreachable: {
      title: t('transaction.unreachable'),
      lead: t('transaction.unreachable_lead'),
      look: 'plain',
    },
    unsure: { title: t('transaction.unsure'), lead: t('transaction.unsure_lead'), look: 'plain' },
    decided: decided(),
  }[ending.kind];

  function decided() {
    const as = ending.kind === 'decided' ? ending.as : 'expired';
    if (as === 'expired')
      return { title: t('transaction.expired'), lead: t('transaction.expired_lead'), look: 'plain' };
    return { title: t('transaction.decided'), lead: t(`transaction.decided_as.${as}`), look: 'plain' };
  }

  const Icon = look === 'good' ? CheckIcon : look === 'bad' ? CrossIcon : ClockIcon;
  return (
    <>
      <div className={styles.outcome}>
        <div className={`${styles.mark} ${styles[look]}`}>
          <Icon size={44} />
        </div>
        <Heading>{title}</Heading>
        <p>{lead}</p>
      </div>
      {transaction && <TransactionCard transaction={transaction} />}
      {ending.kind === 'unsure' && (
        <Button look="primary" wide onClick={() => void ending.lookAgain()}>
          {t('transaction.look_again')}
        </Button>
      )}
      <Button wide onClick={() => goTo('approvals')}>
        {t('transaction.to_list')}
      </Button>
    </>
  );
}
