import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConnectionLost, isProblem } from '../../../api/problem.ts';
import { Dialog } from '../../../design/dialog.tsx';
import { ArrowLeftIcon } from '../../../design/icons.tsx';
import { useLanguage } from '../../../i18n/texts.ts';
import { hashOf } from '../../../routing/hash-route.ts';
import type { TokenRecord } from '../../device/storage.ts';
import type { PendingTransaction } from '../../transaction/pending-transaction.ts';
import { shownAmount } from '../../transaction/shown-amount.ts';
import { useDevice, useDeviceView, useServerNow } from '../device-context.tsx';
import { Button } from '../parts/button.tsx';
import { CredentialForm } from '../parts/credential-form.tsx';
import { Notice } from '../parts/notice.tsx';
import { ProblemText } from '../parts/problem-text.tsx';
import { ApprovalOutcome, type Ending } from './approval-outcome.tsx';
import styles from './approval-page.module.css';
import { Countdown } from './countdown.tsx';
import { HoldButton } from './hold-button.tsx';
import { TransactionCard } from './transaction-card.tsx';

interface Found {
  readonly pending: PendingTransaction;
  readonly token: TokenRecord;
}

/**
 * Finds a pending transaction and keeps the object first found: what is shown and signed stays the same whatever later
 * lists say.
 */
function useFound(id: string): Found | undefined {
  const { feeds, tokens } = useDeviceView();
  const [kept, setKept] = useState<Found>();
  if (kept?.pending.id === id) return kept;
  for (const feed of feeds) {
    const pending = feed.pending.find((one) => one.id === id);
    const token = tokens.find((one) => one.id === feed.tokenId);
    if (!pending || !token) continue;
    const found = { pending, token };
    setKept(found);
    return found;
  }
  return undefined;
}

export function ApprovalPage({ id }: { readonly id: string }) {
  const { t } = useTranslation('token');
  const { feeds } = useDeviceView();
  const found = useFound(id);
  const loading = feeds.some((feed) => feed.loading);
  return (
    <main className={styles.page}>
      <a className={styles.back} href={hashOf('approvals')}>
        <ArrowLeftIcon /> {t('back')}
      </a>
      {found ? (
        <Approval key={id} {...found} />
      ) : loading ? (
        <p role="status">{t('approvals.loading')}</p>
      ) : (
        <ApprovalOutcome ending={{ kind: 'gone' }} />
      )}
    </main>
  );
}

function Approval({ pending, token }: Found) {
  const { t } = useTranslation('token');
  const device = useDevice();
  const language = useLanguage();
  const { feeds } = useDeviceView();
  const [dialog, setDialog] = useState<'approve' | 'refuse'>();
  const [ending, setEnding] = useState<Ending>();
  const [problem, setProblem] = useState<unknown>();
  const expired = useServerNow(1_000) >= pending.expiresAtMs;
  const { transaction } = pending;
  const { number: amount } = shownAmount(transaction.amount, transaction.currency, language);
  const feed = feeds.find(({ tokenId }) => tokenId === token.id);
  const listed = feed === undefined || feed.pending.some((one) => one.id === pending.id);

  async function lookAgain() {
    try {
      const found = await device
        .session(token)
        .api('GET /v1/transactions/{id}', { path: { id: pending.id } });
      setEnding({ kind: 'decided', as: found.status });
    } catch (error) {
      setEnding(error instanceof ConnectionLost ? { kind: 'unsure', lookAgain } : { kind: 'gone' });
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
  if (expired && dialog === undefined)
    return <ApprovalOutcome ending={{ kind: 'decided', as: 'expired' }} transaction={transaction} />;
  return (
    <>
      <div className={styles.head}>
        <h1>{t('transaction.title')}</h1>
        <Countdown untilMs={pending.expiresAtMs} />
      </div>
      <TransactionCard transaction={transaction} />
      {problem === 'code_wrong' ? (
        <Notice kind="danger">{t('transaction.code_wrong')}</Notice>
      ) : (
        problem !== undefined && <ProblemText error={problem} />
      )}
      {!listed && feed.state === 'open' && !feed.loading ? (
        <Notice
          kind="warning"
          action={<Button onClick={() => void lookAgain()}>{t('transaction.look_again')}</Button>}
        >
          {t('transaction.gone')}
        </Notice>
      ) : (
        <div className={styles.actions}>
          <HoldButton label={t('transaction.hold')} onHeld={() => setDialog('approve')} />
          <Button look="danger" wide onClick={() => setDialog('refuse')}>
            {t('transaction.refuse')}
          </Button>
        </div>
      )}
      <p className={styles.bound}>{t('transaction.bound')}</p>
      {dialog === 'approve' && (
        <Dialog
          look="sheet"
          title={t('transaction.pin_title', { amount, currency: transaction.currency })}
          onClose={() => setDialog(undefined)}
        >
          <CredentialForm
            submit={t('transaction.approve')}
            act={(credential) => device.approve(token, pending, credential)}
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

function RefuseDialog({
  onClose,
  refuse,
  onRefused,
  onFailed,
}: {
  readonly onClose: () => void;
  readonly refuse: () => Promise<void>;
  readonly onRefused: () => void;
  readonly onFailed: (error: unknown) => boolean;
}) {
  const { t } = useTranslation('token');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  async function send() {
    setBusy(true);
    try {
      await refuse();
      onRefused();
    } catch (failure) {
      if (failure instanceof ConnectionLost || !onFailed(failure)) setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog look="sheet" title={t('transaction.refuse_title')} onClose={onClose}>
      <p>{t('transaction.refuse_lead')}</p>
      {error !== undefined && <ProblemText error={error} />}
      <div className={styles.actions}>
        <Button look="danger" wide disabled={busy} onClick={() => void send()}>
          {busy ? t('transaction.sending') : t('transaction.refuse_confirm')}
        </Button>
        <Button look="quiet" wide onClick={onClose}>
          {t('cancel')}
        </Button>
      </div>
    </Dialog>
  );
}
