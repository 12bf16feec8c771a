import { useTranslation } from 'react-i18next';
import styles from './messages.module.css';

/** The 12 groups of a safety number, as both people see them. */
export function SafetyNumberText({ number }: { readonly number: string }) {
  const { t } = useTranslation('token');
  return (
    <p className={styles.number} role="img" aria-label={`${t('messages.number')}: ${number}`}>
      {number.split(' ').map((group, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the groups have no other name than their place
        <span key={index}>{group}</span>
      ))}
    </p>
  );
}
