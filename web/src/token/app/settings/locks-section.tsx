import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../../design/dialog.tsx';
import { passkeysPossible } from '../../keyring/passkey.ts';
import { useDevice, useDeviceView } from '../device-context.tsx';
import { Button } from '../parts/button.tsx';
import { CredentialForm } from '../parts/credential-form.tsx';
import form from '../parts/form.module.css';
import { useNewPin } from '../parts/new-pin-form.tsx';
import { Notice } from '../parts/notice.tsx';

/** Changes the PIN and adds passkeys. Each change needs a current credential, which is asked for first. */
export function Locks() {
  const { t } = useTranslation('token');
  const device = useDevice();
  const { locks } = useDeviceView();
  const [dialog, setDialog] = useState<'pin' | 'passkey'>();
  const [done, setDone] = useState<'pin' | 'passkey'>();
  const hasPin = locks.includes('pin');
  const passkeys = locks.filter((kind) => kind === 'passkey').length;

  function open(kind: 'pin' | 'passkey') {
    setDone(undefined);
    setDialog(kind);
  }

  function added(kind: 'pin' | 'passkey') {
    setDone(kind);
    setDialog(undefined);
  }

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
          {dialog === 'pin' ? (
            <PinChange onDone={() => added('pin')} />
          ) : (
            <CredentialForm
              submit={t('enrol.next')}
              act={(opener) => device.addLock(opener, { kind: 'passkey' })}
              onDone={() => added('passkey')}
            >
              <p>{t('settings.confirm_first')}</p>
            </CredentialForm>
          )}
        </Dialog>
      )}
    </>
  );
}

/** The current PIN, the new one, the new one again. A passkey stands for the current PIN. */
function PinChange({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation('token');
  const device = useDevice();
  const { locks } = useDeviceView();
  const { fields, accepted } = useNewPin();
  const pin = useRef('');
  const hasPin = locks.includes('pin');
  return (
    <CredentialForm
      submit={t('settings.change_pin')}
      label={t('settings.pin_current')}
      more={fields}
      ready={() => {
        const found = accepted();
        pin.current = found ?? '';
        return found !== undefined;
      }}
      act={(opener) => device.addLock(opener, { kind: 'pin', pin: pin.current })}
      onDone={onDone}
    >
      {!hasPin && fields}
    </CredentialForm>
  );
}
