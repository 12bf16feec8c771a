import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isProblem } from '../../../api/problem.ts';
import { KeyIcon } from '../../../design/icons.tsx';
import type { Outcome } from '../../device/device.ts';
import type { Credential } from '../../device/locks.ts';
import type { TokenRecord } from '../../device/storage.ts';
import { passkeysPossible } from '../../keyring/passkey.ts';
import { useDevice, useDeviceView } from '../device-context.tsx';
import { Button } from '../parts/button.tsx';
import { CredentialForm } from '../parts/credential-form.tsx';
import { Field } from '../parts/field.tsx';
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
  // An administrator's invitation takes the account's password as well: the server says so.
  const [asked, setAsked] = useState(false);
  const [password, setPassword] = useState('');
  async function enrol(credential: Credential): Promise<Outcome<TokenRecord>> {
    try {
      return await device.enrol(code, label, credential, asked ? password : undefined);
    } catch (failure) {
      if (isProblem(failure, 'password_required')) setAsked(true);
      throw failure;
    }
  }

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
      {asked && (
        <Field
          label={t('enrol.password')}
          hint={t('enrol.password_hint')}
          type="password"
          autoComplete="current-password"
          value={password}
          required
          onChange={(event) => setPassword(event.target.value)}
        />
      )}
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
