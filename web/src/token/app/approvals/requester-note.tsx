import { useTranslation } from 'react-i18next';
import type { Requester } from '../../transaction/requester.ts';
import styles from './requester-note.module.css';

/** Who asks, and what they say. Below the card and set apart from it: these are a third party's words, which no code covers. */
export function RequesterNote({ requester }: { readonly requester: Requester }) {
  const { t } = useTranslation('token');
  const { service, reference, message } = requester;
  return (
    <section className={styles.note} aria-label={t('requester.label')}>
      <p>{t('requester.asks', { service })}</p>
      {reference !== undefined && (
        <p className={styles.reference}>{t('requester.reference', { reference })}</p>
      )}
      {message !== undefined && <blockquote className={styles.message}>{message}</blockquote>}
      <p>{t('requester.uncovered')}</p>
    </section>
  );
}
