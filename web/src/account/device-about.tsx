import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { PhoneIcon } from '../design/icons.tsx';
import { shownPast } from '../design/time.ts';
import { useDuration } from '../design/use-duration.ts';
import { useNow } from '../design/use-now.ts';
import { useLocale } from '../i18n/texts.ts';
import styles from './device-row.module.css';
import type { Device } from './devices.ts';
import rows from './rows.module.css';

const COLORS = { pending: 'yellow', active: 'pine', revoked: 'gray' } as const;

const PERIOD_MS = 30_000;
const LOCKED_PERIOD_MS = 1_000;

/** Name, type, status and last use of a device: the beginning of its row. */
export function DeviceAbout({ device, name }: { readonly device: Device; readonly name: string }) {
  const { t } = useTranslation('account');
  const locale = useLocale();
  const duration = useDuration();
  const { kind, status, createdAt, uses, lastUsedAt, lockedUntil } = device;
  const now = useNow(lockedUntil === null ? PERIOD_MS : LOCKED_PERIOD_MS);
  const lockedMs = lockedUntil === null ? 0 : new Date(lockedUntil).getTime() - now;
  return (
    <>
      <span className={styles.rowIcon}>
        <PhoneIcon />
      </span>
      <div>
        <p className={rows.name}>
          <span className="sello-text">{name}</span>
          <Badge color={COLORS[status]} variant="light" tt="none" fw={600}>
            {t(`device.status_${status}`)}
          </Badge>
        </p>
        <p className={rows.about}>
          {t(`device.type_${kind}`)} · {t('device.created', { time: shownPast(createdAt, locale, now) })}
        </p>
        <p className={rows.about}>
          {lastUsedAt === null
            ? t('device.never_used')
            : t('device.used', { count: uses, time: shownPast(lastUsedAt, locale, now) })}
        </p>
        {lockedMs > 0 && (
          <p className={`${rows.about} ${styles.locked}`}>
            {t('device.locked', { time: duration(lockedMs) })}
          </p>
        )}
      </div>
    </>
  );
}
