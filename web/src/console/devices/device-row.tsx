import { Badge, Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PhoneIcon } from '../../design/icons.tsx';
import { shownAge } from '../../design/time.ts';
import { useDuration } from '../../design/use-duration.ts';
import { useNow } from '../../design/use-now.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../server.ts';
import { Confirm } from '../shell/confirm.tsx';
import { DeviceUses } from './device-uses.tsx';
import type { Device } from './devices.ts';
import styles from './devices-page.module.css';

const COLORS = { pending: 'yellow', active: 'pine', revoked: 'gray' } as const;

export function DeviceRow({ device }: { readonly device: Device }) {
  const { t } = useTranslation('console');
  const locale = useLocale();
  const duration = useDuration();
  const queryClient = useQueryClient();
  const now = useNow(1_000, device.lockedUntil !== null);
  const [revoking, setRevoking] = useState(false);
  const [usesShown, setUsesShown] = useState(false);
  const { id, kind, status, createdAt, uses, lastUsedAt, lockedUntil } = device;
  const name = device.label === '' ? t('devices.unnamed') : device.label;
  const revoke = useMutation({
    mutationFn: () => api('DELETE /v1/tokens/{id}', { path: { id } }),
    async onSuccess() {
      setRevoking(false);
      await queryClient.invalidateQueries({ queryKey: ['tokens'] });
    },
  });
  const lockedMs = lockedUntil === null ? 0 : new Date(lockedUntil).getTime() - now;
  return (
    <li className={styles.row}>
      <span className={styles.rowIcon}>
        <PhoneIcon />
      </span>
      <div>
        <p className={styles.name}>
          <span className="sello-text">{name}</span>
          <Badge color={COLORS[status]} variant="light" tt="none" fw={600}>
            {t(`devices.status_${status}`)}
          </Badge>
        </p>
        <p className={styles.about}>
          {t(`devices.type_${kind}`)} · {t('devices.created', { time: shownAge(createdAt, locale, now) })}
        </p>
        <p className={styles.about}>
          {lastUsedAt === null
            ? t('devices.never_used')
            : t('devices.used', { count: uses, time: shownAge(lastUsedAt, locale, now) })}
        </p>
        {lockedMs > 0 && (
          <p className={`${styles.about} ${styles.locked}`}>
            {t('devices.locked', { time: duration(lockedMs) })}
          </p>
        )}
      </div>
      <div className={styles.tools}>
        <Button
          variant="default"
          size="sm"
          aria-label={t('devices.uses_name', { name })}
          onClick={() => setUsesShown(true)}
        >
          {t('devices.uses')}
        </Button>
        {status !== 'revoked' && (
          <Button
            variant="light"
            color="red"
            size="sm"
            aria-label={t('devices.revoke_name', { name })}
            onClick={() => setRevoking(true)}
          >
            {t('devices.revoke')}
          </Button>
        )}
      </div>
      <DeviceUses device={device} name={name} opened={usesShown} onClose={() => setUsesShown(false)} />
      <Confirm
        opened={revoking}
        title={t('devices.revoke_title')}
        text={t('devices.revoke_text', { name })}
        confirm={t('devices.revoke_confirm')}
        action={revoke}
        onClose={() => setRevoking(false)}
      />
    </li>
  );
}
