import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PhoneIcon } from '../../../design/icons.tsx';
import { Button } from '../parts/button.tsx';
import styles from './install-hint.module.css';
import { install, useInstallWay } from './install-offer.ts';

const DISMISSED_KEY = 'sello-install-dismissed';

/**
 * How to put the token on the home screen. On iOS it says so before a token is set up: an app on the home screen has a
 * storage of its own there, and does not find what was set up in Safari.
 */
export function InstallHint({
  place,
}: {
  /** `settings` always has it; elsewhere it can be put away. */
  readonly place: 'welcome' | 'codes' | 'settings';
}) {
  const { t } = useTranslation('token');
  const way = useInstallWay();
  const [dismissed, setDismissed] = useState(() => localStorage.getItem(DISMISSED_KEY) !== null);
  const always = place === 'settings';
  if (way === 'installed') return always ? <p>{t('install.installed')}</p> : null;
  if (!always && (dismissed || way === 'unknown' || (place === 'welcome') !== (way === 'ios'))) return null;
  const steps = way === 'prompt' ? undefined : t(`install.${way}`);
  return (
    <section className={always ? styles.plain : styles.hint} aria-label={t('install.title')}>
      {!always && (
        <p className={styles.title}>
          <PhoneIcon /> {t('install.title')}
        </p>
      )}
      <p>{t('install.lead')}</p>
      {steps !== undefined && <p>{steps}</p>}
      {way === 'ios' && <p>{t('install.ios_storage')}</p>}
      <div className={styles.actions}>
        {way === 'prompt' && <Button onClick={() => void install()}>{t('install.action')}</Button>}
        {!always && (
          <Button
            look="quiet"
            onClick={() => {
              localStorage.setItem(DISMISSED_KEY, new Date().toISOString());
              setDismissed(true);
            }}
          >
            {t('install.dismiss')}
          </Button>
        )}
      </div>
    </section>
  );
}
