import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { LIMITS } from '../../../../src/limits.ts';
import { shownDate } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import styles from './services.module.css';

/** When a key expires; a warning where that is soon or was. Nothing for a key without an end. */
export function KeyExpiry({ expiresAt, now }: { readonly expiresAt: string | null; readonly now: number }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  if (expiresAt === null) return null;
  const leftMs = Date.parse(expiresAt) - now;
  const date = shownDate(expiresAt, locale);
  if (leftMs > LIMITS.serviceKeyExpiryWarnedMs) {
    return <span className={styles.quiet}>{t('services.key_expires', { date })}</span>;
  }
  return (
    <Badge color={leftMs > 0 ? 'yellow' : 'red'} variant="light" tt="none" size="lg" fw={600}>
      {t(leftMs > 0 ? 'services.key_expires_soon' : 'services.key_expired', { date })}
    </Badge>
  );
}
