import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { pinWeakness } from '../../keyring/pin-strength.ts';
import { Button } from './button.tsx';
import { PinField } from './field.tsx';
import styles from './form.module.css';

/** Asks for a new PIN twice and refuses those that are easily guessed. */
export function NewPinForm({
  look = 'primary',
  submit,
  busy,
  onPin,
}: {
  /** `soft` beside a better choice. */
  readonly look?: 'primary' | 'soft';
  readonly submit: string;
  readonly busy: boolean;
  readonly onPin: (pin: string) => void;
}) {
  const { fields, accepted } = useNewPin(busy);
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        const pin = busy ? undefined : accepted();
        if (pin !== undefined) onPin(pin);
      }}
    >
      {fields}
      <Button look={look} wide type="submit" disabled={busy} aria-busy={busy}>
        {submit}
      </Button>
    </form>
  );
}

/**
 * The two fields of a new PIN.
 * @returns them, and `accepted`, which returns the PIN, or says what is wrong with it and puts the focus there
 */
export function useNewPin(busy = false) {
  const { t } = useTranslation('token');
  const [pin, setPin] = useState('');
  const [again, setAgain] = useState('');
  const [told, setTold] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const second = useRef<HTMLInputElement>(null);
  const weakness = pinWeakness(pin);
  const differs = pin !== again;
  const fields = (
    <>
      <PinField
        ref={first}
        label={t('enrol.pin')}
        value={pin}
        readOnly={busy}
        error={told && weakness !== undefined ? t(`weakness.${weakness}`) : undefined}
        onChange={(event) => {
          setPin(event.target.value);
          setTold(false);
        }}
        onBlur={() => setTold(pin !== '')}
      />
      <PinField
        ref={second}
        label={t('enrol.pin_again')}
        value={again}
        readOnly={busy}
        error={told && weakness === undefined && differs && again !== '' ? t('enrol.pin_differs') : undefined}
        onChange={(event) => {
          setAgain(event.target.value);
          setTold(false);
        }}
        onBlur={() => setTold(again !== '')}
      />
    </>
  );
  function accepted(): string | undefined {
    if (weakness === undefined && !differs) return pin;
    setTold(true);
    (weakness === undefined ? second : first).current?.focus();
    return undefined;
  }
  return { fields, accepted };
}
