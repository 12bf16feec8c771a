import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { ChevronRightIcon, PhoneIcon, TransactionIcon } from '../design/icons.tsx';
import { Preferences } from '../design/preferences.tsx';
import { Seal } from '../design/seal.tsx';
import styles from './landing.module.css';

const STEPS = [1, 2, 3] as const;

export function Landing() {
  const { t } = useTranslation('landing');
  const title = `${t('title')} · ${t('claim')}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <span className={styles.brand}>
          <Seal size={36} />
          Sello
        </span>
        <Preferences />
      </header>
      <main className={styles.main}>
        <h1 className={styles.claim}>{t('claim')}</h1>
        <p className={styles.intro}>{t('intro')}</p>
        <div className={styles.doors}>
          <a className={styles.door} href="/console" aria-describedby="console-about">
            <span className={styles.icon}>
              <TransactionIcon size={26} />
            </span>
            <span className={styles.doorTitle}>{t('console_title')}</span>
            <span id="console-about">{t('console')}</span>
            <span className={styles.action}>
              {t('console_action')} <ChevronRightIcon size={18} />
            </span>
          </a>
          <a className={styles.door} href="/token" aria-describedby="token-about">
            <span className={styles.icon}>
              <PhoneIcon size={26} />
            </span>
            <span className={styles.doorTitle}>{t('token_title')}</span>
            <span id="token-about">{t('token')}</span>
            <span className={styles.action}>
              {t('token_action')} <ChevronRightIcon size={18} />
            </span>
          </a>
        </div>
        <section aria-labelledby="steps">
          <h2 id="steps" className={styles.stepsTitle}>
            {t('steps_title')}
          </h2>
          <ol className={styles.steps}>
            {STEPS.map((step) => (
              <li key={step}>
                <h3>{t(`step_${step}_title`)}</h3>
                <p>{t(`step_${step}`)}</p>
              </li>
            ))}
          </ol>
        </section>
      </main>
      <footer className={styles.footer}>
        <a href="/docs">{t('api')}</a>
      </footer>
    </div>
  );
}
