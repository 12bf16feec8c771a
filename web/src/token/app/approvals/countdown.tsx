import { useTranslation } from 'react-i18next';
import { ClockIcon } from '../../../design/icons.tsx';
import { useServerNow } from '../device-context.tsx';
import { Spoken } from '../parts/spoken.tsx';
import styles from './countdown.module.css';

const SOON_MS = 30_000;

/** Minutes and seconds until a time, by the server's clock. */
export function Countdown({ untilMs }: { readonly untilMs: number }) {
  const { t } = useTranslation('token');
  const leftMs = untilMs - useServerNow(1_000);
  if (leftMs <= 0)
    return <span className={`${styles.countdown} ${styles.soon}`}>{t('transaction.expired')}</span>;
  const seconds = Math.ceil(leftMs / 1000);
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return (
    <span className={`${styles.countdown} ${leftMs < SOON_MS ? styles.soon : ''}`} role="timer">
      <ClockIcon size={16} />
      <Spoken>{t('transaction.expires')} </Spoken>
      {text}
    </span>
  );
}
