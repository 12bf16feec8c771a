import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Preferences } from '../../design/preferences.tsx';
import { Seal } from '../../design/seal.tsx';
import styles from './log-in.module.css';

export function LogInFrame({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const { t } = useTranslation('console');
  useEffect(() => {
    document.title = `${title} · Sello`;
  }, [title]);
  return (
    <div className={styles.frame}>
      <header className={styles.header}>
        <a className={styles.brand} href="/">
          <Seal size={36} />
          Sello
        </a>
        <p className={styles.claim}>{t('log_in.claim')}</p>
      </header>
      <main className={styles.card}>
        <h1 className={styles.title}>{title}</h1>
        {children}
      </main>
      <footer className={styles.footer}>
        <Preferences />
      </footer>
    </div>
  );
}
