import { useState } from 'react';
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
  const { t } = useTranslation('token');
  const [pin, setPin] = useState('');
  const [again, setAgain] = useState('');
  const [told, setTold] = useState(false);
  const weakness = pinWeakness(pin);
  const differs = pin !== again;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        setTold(true);
        if (!busy && weakness === undefined && !differs) onPin(pin);
      }}
    >
      <PinField
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
      <Button look={look} wide type="submit" disabled={busy} aria-busy={busy}>
        {submit}
      </Button>
    </form>
  );
}
