import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import styles from '../../account/invitation.module.css';
import type { NewUser } from '../../api/operations.ts';
import { CopyButton } from '../../design/copy-button.tsx';
import { DialogActions } from '../../design/dialog-actions.tsx';
import { QrCode } from '../../design/qr-code.tsx';
import { hashOf } from '../../routing/hash-route.ts';

/** A user who was just created, with the one-time link to their first password, if there is one. */
export function CreatedUser({ made, onClose }: { readonly made: NewUser; readonly onClose: () => void }) {
  const { t } = useTranslation('operator');
  const common = useTranslation().t;
  const { username, invitation } = made;
  return (
    <>
      {invitation ? (
        <div className={styles.invitation}>
          <p role="status">{t('users.created_link')}</p>
          <QrCode text={invitation.link} label={t('users.invite_qr')} />
          <code className={styles.code}>{invitation.link}</code>
          <CopyButton text={invitation.link} label={t('users.copy_link')} />
        </div>
      ) : (
        <p role="status">{t('users.created_password')}</p>
      )}
      <DialogActions mt="lg">
        <Button variant="default" onClick={onClose}>
          {common('close')}
        </Button>
        <Button component="a" href={hashOf('operator', 'users', username)}>
          {t('users.created_open')}
        </Button>
      </DialogActions>
    </>
  );
}
