import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CheckIcon, KeyIcon } from '../../../design/icons.tsx';
import { Seal } from '../../../design/seal.tsx';
import { goTo, replaceRoute } from '../../../routing/use-route.ts';
import type { Outcome } from '../../device/device.ts';
import type { Credential } from '../../device/locks.ts';
import type { TokenRecord } from '../../device/storage.ts';
import { readEnrolment } from '../../enrolment/enrolment-code.ts';
import { passkeysPossible } from '../../keyring/passkey.ts';
import styles from '../approvals/approval-page.module.css';
import { useDevice, useDeviceView } from '../device-context.tsx';
import { Button } from '../parts/button.tsx';
import { CredentialForm } from '../parts/credential-form.tsx';
import { Field } from '../parts/field.tsx';
import form from '../parts/form.module.css';
import { NewPinForm } from '../parts/new-pin-form.tsx';
import { Notice } from '../parts/notice.tsx';
import { ProblemText } from '../parts/problem-text.tsx';
import { Scanner } from '../parts/scanner.tsx';

/** From a one-time code to a token that was confirmed by its first code. */
export function EnrolPage({ linked }: { readonly linked: string | undefined }) {
  const { t } = useTranslation('token');
  const [chosen, setChosen] = useState<{ readonly code: string; readonly label: string }>();
  const [done, setDone] = useState<TokenRecord>();
  const { erased } = useDeviceView();
  return (
    <main className={styles.page}>
      {done ? (
        <Done token={done} />
      ) : (
        <>
          <div className={styles.ending}>
            <Seal size={56} />
            <h1>{chosen ? t('enrol.protect') : t('enrol.welcome')}</h1>
            {!chosen && <p>{t('enrol.lead')}</p>}
          </div>
          {erased && !chosen && <Notice kind="danger">{t('unlock.erased')}</Notice>}
          {chosen ? (
            <Protect {...chosen} onDone={setDone} onBack={() => setChosen(undefined)} />
          ) : (
            <CodeForm linked={linked} onCode={setChosen} />
          )}
        </>
      )}
    </main>
  );
}

function CodeForm({
  linked,
  onCode,
}: {
  readonly linked: string | undefined;
  readonly onCode: (chosen: { readonly code: string; readonly label: string }) => void;
}) {
  const { t } = useTranslation('token');
  const [text, setText] = useState(linked ?? '');
  const [label, setLabel] = useState<string>(t('enrol.label_default'));
  const [fault, setFault] = useState<'foreign' | 'unreadable'>();
  const [scanning, setScanning] = useState(false);

  // A second link may be opened while the page stands.
  useEffect(() => {
    if (linked !== undefined) setText(linked);
  }, [linked]);

  function read(source: string) {
    const found = readEnrolment(source, location.origin);
    if (typeof found === 'string') setFault(found);
    else {
      // The code must not stay in the address, nor this page give way to another once there is a token.
      replaceRoute('enrol');
      onCode({ code: found.code, label: label.trim() });
    }
  }

  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault();
        read(text);
      }}
    >
      {linked !== undefined && text === linked ? (
        <Notice kind="good">{t('enrol.from_link')}</Notice>
      ) : (
        <>
          <Button wide onClick={() => setScanning(true)}>
            {t('enrol.scan')}
          </Button>
          <Field
            label={t('enrol.code')}
            hint={t('enrol.code_hint')}
            error={fault && t(`enrol.${fault}`)}
            value={text}
            required
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => {
              setText(event.target.value);
              setFault(undefined);
            }}
          />
        </>
      )}
      <Field
        label={t('enrol.label')}
        hint={t('enrol.label_hint')}
        value={label}
        maxLength={30}
        autoComplete="off"
        onChange={(event) => setLabel(event.target.value)}
      />
      <Button look="primary" wide type="submit">
        {t('enrol.next')}
      </Button>
      {scanning && (
        <Scanner
          onClose={() => setScanning(false)}
          onText={(found) => {
            setScanning(false);
            setText(found);
            read(found);
          }}
        />
      )}
    </form>
  );
}

function Protect({
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
          <p>{t('enrol.protect_lead')}</p>
          <NewPinForm
            submit={busy ? t('enrol.working') : t('enrol.finish')}
            busy={busy}
            onPin={(pin) => void setUp({ kind: 'pin', pin })}
          />
          {passkeysPossible() && (
            <Button wide disabled={busy} onClick={() => void setUp({ kind: 'passkey' })}>
              <KeyIcon /> {t('enrol.or_passkey')}
            </Button>
          )}
        </>
      )}
      <Button look="quiet" disabled={busy} onClick={onBack}>
        {t('back')}
      </Button>
    </>
  );
}

function Done({ token }: { readonly token: TokenRecord }) {
  const { t } = useTranslation('token');
  return (
    <>
      <div className={styles.ending} role="status">
        <div className={`${styles.mark} ${styles.good}`}>
          <CheckIcon size={44} />
        </div>
        <h1>{t('enrol.done')}</h1>
        <p className="sello-text">{t('enrol.done_lead', { username: token.username })}</p>
      </div>
      <Button look="primary" wide onClick={() => goTo('codes')}>
        {t('enrol.done_action')}
      </Button>
    </>
  );
}
