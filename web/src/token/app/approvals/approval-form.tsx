import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConnectionLost, isProblem } from '../../../api/problem.ts';
import { amountParts } from '../../../design/amount.ts';
import { Dialog } from '../../../design/dialog.tsx';
import { useLanguage } from '../../../i18n/texts.ts';
import { goTo } from '../../../routing/use-route.ts';
import type { Credential } from '../../device/locks.ts';
import { useDevice, useDeviceView, useServerNow } from '../device-context.tsx';
import { SmallPrint } from '../page.tsx';
import { Button } from '../parts/button.tsx';
import { CredentialForm } from '../parts/credential-form.tsx';
import { Heading } from '../parts/heading.tsx';
import { Notice } from '../parts/notice.tsx';
import styles from './approval.module.css';
import { ApprovalOutcome, type Ending } from './approval-outcome.tsx';
import { Countdown } from './countdown.tsx';
import { HoldButton } from './hold-button.tsx';
import { RefuseDialog } from './refuse-dialog.tsx';
import { RequesterNote } from './requester-note.tsx';
import { TransactionCard } from './transaction-card.tsx';
import type { Found } from './use-found-transaction.ts';

export function ApprovalForm({ pending, token }: Found) {
  const { t } = useTranslation('token');
  const device = useDevice();
  const language = useLanguage();
  const { feeds } = useDeviceView();
  const [dialog, setDialog] = useState<'approve' | 'refuse'>();
  const [ending, setEnding] = useState<Ending>();
  const [problem, setProblem] = useState<'code_wrong' | 'not_arrived'>();
  const [sending, setSending] = useState(false);
  const expired = useServerNow(1_000) >= pending.expiresAtMs;
  const { transaction } = pending;
  const { number: amount } = amountParts(transaction.amount, transaction.currency, language);
  const feed = feeds.find(({ tokenId }) => tokenId === token.id);
  const unlisted =
    feed !== undefined &&
    feed.state === 'open' &&
    !feed.loading &&
    !feed.pending.some((one) => one.id === pending.id);

  async function lookAgain() {
    try {
      const found = await device
        .session(token)
        .api('GET /v1/transactions/{id}', { path: { id: pending.id } });
      if (found.status !== 'pending') return setEnding({ kind: 'decided', as: found.status });
      setEnding(undefined);
      setProblem('not_arrived');
    } catch (error) {
      setEnding(error instanceof ConnectionLost ? { kind: 'unsure', lookAgain } : { kind: 'gone' });
    }
  }

  const decidedElsewhere = unlisted && dialog === undefined && ending === undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the list no longer has it
  useEffect(() => {
    if (decidedElsewhere) void lookAgain();
  }, [decidedElsewhere]);

  async function approve(credential: Credential) {
    setSending(true);
    setProblem(undefined);
    try {
      return await device.approve(token, pending, credential);
    } finally {
      setSending(false);
    }
  }

  /** Handles a failed approval or refusal. @returns whether the page shows it */
  function onFailed(error: unknown): boolean {
    if (isProblem(error, 'transaction_decided', 'challenge_expired', 'transaction_unknown')) void lookAgain();
    else if (error instanceof ConnectionLost) setEnding({ kind: 'unsure', lookAgain });
    else if (isProblem(error, 'code_wrong', 'code_spent')) setProblem('code_wrong');
    else return false;
    setDialog(undefined);
    return true;
  }

  if (ending) return <ApprovalOutcome ending={ending} transaction={transaction} />;
  if (expired && !sending)
    return <ApprovalOutcome ending={{ kind: 'decided', as: 'expired' }} transaction={transaction} />;
  return (
    <>
      <div className={styles.head}>
        <Heading>{t('transaction.title')}</Heading>
        <Countdown untilMs={pending.expiresAtMs} />
      </div>
      <TransactionCard transaction={transaction} payeeResembles={pending.payeeResembles} />
      {pending.requester && <RequesterNote requester={pending.requester} />}
      {problem && (
        <Notice kind={problem === 'code_wrong' ? 'danger' : 'warning'}>{t(`transaction.${problem}`)}</Notice>
      )}
      <SmallPrint>{t('transaction.bound')}</SmallPrint>
      <div className={`${styles.actions} ${styles.atBottom}`}>
        <HoldButton label={t('transaction.hold')} onHeld={() => setDialog('approve')} />
        <div className={styles.pair}>
          <Button wide onClick={() => goTo('approvals')}>
            {t('cancel')}
          </Button>
          <Button look="danger" wide onClick={() => setDialog('refuse')}>
            {t('transaction.refuse')}
          </Button>
        </div>
      </div>
      {dialog === 'approve' && (
        <Dialog
          look="sheet"
          title={t('transaction.pin_title', { amount, currency: transaction.currency })}
          onClose={() => setDialog(undefined)}
        >
          <CredentialForm
            submit={t('transaction.approve')}
            act={approve}
            onDone={() => setEnding({ kind: 'approved' })}
            onFailed={onFailed}
          />
        </Dialog>
      )}
      {dialog === 'refuse' && (
        <RefuseDialog
          onClose={() => setDialog(undefined)}
          refuse={() => device.refuse(token, pending)}
          onRefused={() => setEnding({ kind: 'refused' })}
          onFailed={onFailed}
        />
      )}
    </>
  );
}
