import { Checkbox } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { SCOPES, type Scope, scopeWord } from './scopes.ts';
import styles from './services.module.css';

/** Chooses the scopes of a service. */
export function ScopeChoice({
  chosen,
  onChange,
}: {
  readonly chosen: readonly Scope[];
  readonly onChange: (chosen: readonly Scope[]) => void;
}) {
  const { t } = useTranslation('operator');
  return (
    <fieldset className={styles.scopeChoice}>
      <legend>{t('services.scopes')}</legend>
      {SCOPES.map((scope) => {
        const word = scopeWord(scope);
        return (
          <Checkbox
            key={scope}
            label={word ? t(`services.scope.${word}`) : scope}
            description={scope}
            checked={chosen.includes(scope)}
            onChange={({ currentTarget }) =>
              onChange(
                SCOPES.filter((each) => (each === scope ? currentTarget.checked : chosen.includes(each))),
              )
            }
          />
        );
      })}
      {chosen.length === 0 && <p className={styles.quiet}>{t('services.scopes_needed')}</p>}
    </fieldset>
  );
}
