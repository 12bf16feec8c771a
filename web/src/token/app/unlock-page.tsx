import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Seal } from '../../design/seal.tsx';
import { useDevice } from './device-context.tsx';
import { Button } from './parts/button.tsx';
import { CredentialForm } from './parts/credential-form.tsx';
import { EraseDialog } from './settings/erase-dialog.tsx';
import styles from './unlock-page.module.css';

export function UnlockPage({ lead }: { readonly lead?: string | undefined }) {
  const { t } = useTranslation('token');
  const device = useDevice();
  const [forgot, setForgot] = useState(false);
  return (
    <main className={styles.page}>
      <div className={styles.head}>
        <Seal size={56} />
        <h1>{t('unlock.title')}</h1>
        {lead !== undefined && <p>{lead}</p>}
      </div>
      <CredentialForm
        submit={t('unlock.submit')}
        act={(credential) => device.unlock(credential)}
        onDone={() => undefined}
      />
      <Button look="quiet" onClick={() => setForgot(true)}>
        {t('unlock.forgot')}
      </Button>
      {forgot && (
        <EraseDialog
          title={t('unlock.forgot')}
          lead={t('unlock.forgot_lead')}
          onClose={() => setForgot(false)}
        />
      )}
    </main>
  );
}
