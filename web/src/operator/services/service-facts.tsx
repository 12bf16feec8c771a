import { useTranslation } from 'react-i18next';
import type { Service } from '../../api/operations.ts';
import { shownPast } from '../../design/time.ts';
import { useNow } from '../../design/use-now.ts';
import { useLocale } from '../../i18n/texts.ts';
import { scopeWord } from './scopes.ts';
import { ServiceKeys } from './service-keys.tsx';
import styles from './services.module.css';

/** The scopes of a service and its live keys. */
export function ServiceFacts({ service }: { readonly service: Service }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const now = useNow(30_000);
  const { scopes, created_at: createdAt } = service;
  return (
    <div className={styles.facts}>
      <div>
        <h3>{t('services.scopes')}</h3>
        <ul>
          {scopes.map((scope) => {
            const word = scopeWord(scope);
            return (
              <li key={scope}>
                {word && t(`services.scope.${word}`)} <code className={styles.scope}>{scope}</code>
              </li>
            );
          })}
        </ul>
      </div>
      <div>
        <h3>{t('services.keys')}</h3>
        <ServiceKeys service={service} />
        <p className={`${styles.quiet} sello-figures`}>
          {t('services.since', { time: shownPast(createdAt, locale, now) })}
        </p>
      </div>
    </div>
  );
}
