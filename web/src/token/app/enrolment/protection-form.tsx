import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { KeyIcon } from '../../../design/icons.tsx';
import type { Outcome } from '../../device/device.ts';
import type { Credential } from '../../device/locks.ts';
import type { TokenRecord } from '../../device/storage.ts';
import { passkeysPossible } from '../../keyring/passkey.ts';
import { useDevice, useDeviceView } from '../device-context.tsx';
import { Button } from '../parts/button.tsx';
import { CredentialForm } from '../parts/credential-form.tsx';
import { NewPinForm } from '../parts/new-pin-form.tsx';
import { ProblemText } from '../parts/problem-text.tsx';

export function ProtectionForm({
  code,
  label,
  onDone,
  onBack,
}: {
  readonly code: string;
  readonly label: string;
  readonly onDone: (token: TokenRecord) => void;
  readonly onBack: () => void;
}) {
  const { t } = useTranslation('token');
  const device = useDevice();
  const { locks } = useDeviceView();
  // Which form it is stays as it was at first: setting up makes the first lock.
  const [fresh] = useState(locks.length === 0);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const enrol = (credential: Credential): Promise<Outcome<TokenRecord>> =>
    device.enrol(code, label, credential);

  async function setUp(credential: Credential) {
    setBusy(true);
    setError(undefined);
    try {
      const outcome = await enrol(credential);
      // Or the browser may clear it away with what it keeps for other pages.
      await navigator.storage?.persist?.().catch(() => false);
      if (outcome.kind === 'done') onDone(outcome.value);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      {error !== undefined && <ProblemText error={error} />}
      {!fresh || (locks.length > 0 && !busy) ? (
        <CredentialForm submit={t('enrol.finish')} act={enrol} onDone={onDone} />
      ) : (
        <>
          {passkeysPossible() && (
            <>
              <p>{t('enrol.passkey_lead')}</p>
              <Button look="primary" wide disabled={busy} onClick={() => void setUp({ kind: 'passkey' })}>
                <KeyIcon /> {t('enrol.with_passkey')}
              </Button>
            </>
          )}
          <p>{t('enrol.protect_lead')}</p>
          <NewPinForm
            look={passkeysPossible() ? 'soft' : 'primary'}
            submit={busy ? t('enrol.working') : t('enrol.finish')}
            busy={busy}
            onPin={(pin) => void setUp({ kind: 'pin', pin })}
          />
        </>
      )}
      <Button look="quiet" disabled={busy} onClick={onBack}>
        {t('back')}
      </Button>
    </>
  );
}
