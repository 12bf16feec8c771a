import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConnectionLost } from '../../../api/problem.ts';
import { Dialog } from '../../../design/dialog.tsx';
import { Button } from '../parts/button.tsx';
import { ProblemText } from '../parts/problem-text.tsx';
import styles from './approval.module.css';

export function RefuseDialog({
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
      <p>
        {t('transaction.refuse_lead')}{' '}
        <a href="/console#/security" target="_blank" rel="noopener">
          {t('transaction.refuse_password')}
        </a>
      </p>
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
