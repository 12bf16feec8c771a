import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../../design/dialog.tsx';
import type { Credential } from '../../device/locks.ts';
import { passkeysPossible } from '../../keyring/passkey.ts';
import { useDevice, useDeviceView } from '../device-context.tsx';
import { Button } from '../parts/button.tsx';
import { CredentialForm } from '../parts/credential-form.tsx';
import form from '../parts/form.module.css';
import { NewPinForm } from '../parts/new-pin-form.tsx';
import { Notice } from '../parts/notice.tsx';

/** Changes the PIN and adds passkeys. Each change needs a current credential. */
export function Locks() {
  const { t } = useTranslation('token');
  const device = useDevice();
  const { locks } = useDeviceView();
  const [dialog, setDialog] = useState<'pin' | 'passkey'>();
  const [pin, setPin] = useState<string>();
  const [done, setDone] = useState<'pin' | 'passkey'>();
  const hasPin = locks.includes('pin');
  const passkeys = locks.filter((kind) => kind === 'passkey').length;

  function open(kind: 'pin' | 'passkey') {
    setPin(undefined);
    setDone(undefined);
    setDialog(kind);
  }

  const added: Credential = pin === undefined ? { kind: 'passkey' } : { kind: 'pin', pin };
  return (
    <>
      {done && (
        <Notice kind="good">{t(done === 'pin' ? 'settings.pin_set' : 'settings.passkey_added')}</Notice>
      )}
      {passkeys > 0 && <p>{t('settings.passkeys', { count: passkeys })}</p>}
      <div className={form.actions}>
        <Button onClick={() => open('pin')}>{t(hasPin ? 'settings.change_pin' : 'settings.set_pin')}</Button>
        {passkeysPossible() && <Button onClick={() => open('passkey')}>{t('settings.add_passkey')}</Button>}
        {passkeys > 0 && hasPin && (
          <Button look="danger" onClick={() => void device.removePasskeys()}>
            {t('settings.remove_passkeys')}
          </Button>
        )}
      </div>
      {dialog && (
        <Dialog
          look="sheet"
          title={t(
            dialog === 'passkey'
              ? 'settings.add_passkey'
              : hasPin
                ? 'settings.change_pin'
                : 'settings.set_pin',
          )}
          onClose={() => setDialog(undefined)}
        >
          {dialog === 'pin' && pin === undefined ? (
            <NewPinForm submit={t('enrol.next')} busy={false} onPin={setPin} />
          ) : (
            <CredentialForm
              submit={t('enrol.next')}
              act={(opener) => device.addLock(opener, added)}
              onDone={() => {
                setDone(dialog);
                setDialog(undefined);
              }}
            >
              <p>{t('settings.confirm_first')}</p>
            </CredentialForm>
          )}
        </Dialog>
      )}
    </>
  );
}
