import { Button, Loader } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import styles from '../../account/invitation.module.css';
import { idempotencyKey } from '../../api/api.ts';
import type { User } from '../../api/operations.ts';
import { CopyButton } from '../../design/copy-button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { DialogActions } from '../../design/dialog-actions.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { api } from '../../session/server.ts';

/** Makes a link by which the user sets a new password, when it opens. */
export function ResetDialog({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const { t } = useTranslation('operator');
  const common = useTranslation().t;
  const { id, username } = user;
  const make = useMutation({
    mutationFn: () =>
      api('POST /v1/admin/users/{id}/password-reset', { path: { id } }, { idempotencyKey: idempotencyKey() }),
  });
  const { mutate } = make;
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    mutate();
  }, [mutate]);
  return (
    <Dialog opened onClose={onClose} title={t('users.reset_title', { name: username })}>
      <ProblemNote error={make.error} onRetry={() => mutate()} />
      {make.isPending && <Loader aria-label={common('loading')} />}
      {make.data && (
        <div className={styles.invitation}>
          <p>{t('users.reset_intro')}</p>
          <code className={styles.code}>{make.data.link}</code>
          <CopyButton text={make.data.link} label={t('users.copy_link')} />
        </div>
      )}
      <DialogActions mt="lg">
        <Button variant="default" onClick={onClose}>
          {common('close')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
