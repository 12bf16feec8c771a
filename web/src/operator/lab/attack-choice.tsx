import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Answer } from '../../api/api.ts';
import styles from './lab.module.css';

/** Chooses an attack by what it does and what it aims at. */
export function AttackChoice({
  attacks,
  chosen,
  onChange,
}: {
  readonly attacks: Answer<'GET /v1/lab/attacks'>['attacks'];
  readonly chosen: string;
  readonly onChange: (name: string) => void;
}) {
  const { t } = useTranslation('operator');
  const group = useId();
  return (
    <fieldset className={styles.attacks}>
      <legend>{t('lab.choose')}</legend>
      {attacks.map(({ name, summary, aim }) => (
        <label key={name} className={styles.attack}>
          <input
            type="radio"
            name={group}
            value={name}
            checked={name === chosen}
            onChange={() => onChange(name)}
          />
          <span>
            <code className={styles.name}>{name}</code>
            <span className={styles.summary}>{summary}</span>
            <span className={styles.aim}>{t('lab.aim', { aim })}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
