import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { KeyIcon } from '../../../design/icons.tsx';
import { useDuration } from '../../../design/use-duration.ts';
import { useNow } from '../../../design/use-now.ts';
import type { Outcome } from '../../device/device.ts';
import type { Credential } from '../../device/locks.ts';
import { useDeviceView } from '../device-context.tsx';
import { Button } from './button.tsx';
import { PinField } from './field.tsx';
import styles from './form.module.css';
import { Notice } from './notice.tsx';
import { ProblemText } from './problem-text.tsx';

/**
 * Asks for the PIN or the passkey and runs `act` with it. Shows wrong credentials itself and puts the focus back into
 * the field. Errors thrown by `act` go to `onFailed`, which returns whether it handled them; others are shown here.
 */
export function CredentialForm<Value>({
  submit,
  act,
  onDone,
  onFailed,
  label,
  more,
  ready,
  children,
}: {
  readonly submit: string;
  readonly act: (credential: Credential) => Promise<Outcome<Value>>;
  readonly onDone: (value: Value) => void;
  readonly onFailed?: (error: unknown) => boolean;
  /** Name of the PIN's field, where there is another PIN beside it. */
  readonly label?: string;
  /** Fields below that of the PIN. */
  readonly more?: ReactNode;
  /** Whether `more` may be submitted. Called at each attempt. */
  readonly ready?: () => boolean;
  readonly children?: ReactNode;
}) {
  const { t } = useTranslation('token');
  const duration = useDuration();
  const { locks, attempts } = useDeviceView();
  const [pin, setPin] = useState('');
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<number>();
  const [error, setError] = useState<unknown>();
  const now = useNow(1_000);
  const waitMs = attempts.waitUntilMs - now;
  const hasPin = locks.includes('pin');
  const field = useRef<HTMLInputElement>(null);
  const refused = !busy && (wrong !== undefined || error !== undefined);
  useEffect(() => {
    if (refused) field.current?.focus();
  }, [refused]);

  async function attempt(credential: Credential) {
    if (busy || ready?.() === false) return;
    setBusy(true);
    setError(undefined);
    setWrong(undefined);
    try {
      const outcome = await act(credential);
      if (outcome.kind === 'done') return onDone(outcome.value);
      if (outcome.kind === 'wrong') setWrong(outcome.left);
      setPin('');
    } catch (failure) {
      if (!onFailed?.(failure)) setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (pin !== '') void attempt({ kind: 'pin', pin });
      }}
    >
      {children}
      {wrong !== undefined && <Notice kind="danger">{t('unlock.wrong', { count: wrong })}</Notice>}
      {error !== undefined && <ProblemText error={error} />}
      {waitMs > 0 && hasPin && <Notice kind="warning">{t('unlock.wait', { time: duration(waitMs) })}</Notice>}
      {hasPin && (
        <>
          <PinField
            ref={field}
            label={label ?? t('unlock.pin')}
            value={pin}
            autoFocus
            readOnly={busy}
            onChange={(event) => setPin(event.target.value.replace(/[^0-9]/g, ''))}
          />
          {more}
          <Button
            look="primary"
            wide
            type="submit"
            disabled={busy || waitMs > 0 || pin === ''}
            aria-busy={busy}
          >
            {busy ? t('unlock.working') : submit}
          </Button>
        </>
      )}
      {locks.includes('passkey') && (
        <Button
          look={hasPin ? 'soft' : 'primary'}
          wide
          disabled={busy}
          onClick={() => void attempt({ kind: 'passkey' })}
        >
          <KeyIcon /> {t('unlock.passkey')}
        </Button>
      )}
    </form>
  );
}
