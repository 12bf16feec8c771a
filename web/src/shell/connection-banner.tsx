import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../session/live.tsx';
import styles from './connection-banner.module.css';

const RECOVERED_SHOWN_MS = 5_000;
/** A stream that comes back within this time is not reported. Unit: ms */
const PATIENCE_MS = 1_500;

/** Says when the connection is lost and when it is back. Screen readers announce both. */
export function ConnectionBanner() {
  const { t } = useTranslation();
  const { state, recoveredAt, retryNow } = useLive();
  const [lost, setLost] = useState(false);
  const [recovered, setRecovered] = useState(false);

  useEffect(() => {
    if (state === 'open') {
      setLost((was) => {
        if (was) setRecovered(true);
        return false;
      });
      return;
    }
    if (state !== 'lost') return;
    setRecovered(false);
    const timer = setTimeout(() => setLost(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [state]);

  useEffect(() => {
    if (!recovered || recoveredAt === undefined) return;
    const timer = setTimeout(() => setRecovered(false), RECOVERED_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [recovered, recoveredAt]);

  return (
    <div role="status" aria-live="polite" className={styles.place}>
      {lost && (
        <div className={styles.lost}>
          <span>{t('connection.lost')}</span>
          <Button size="compact-sm" variant="default" onClick={retryNow}>
            {t('connection.retry_now')}
          </Button>
        </div>
      )}
      {!lost && recovered && <div className={styles.recovered}>{t('connection.recovered')}</div>}
    </div>
  );
}
