import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../server.ts';
import { Confirm } from '../shell/confirm.tsx';
import { DeviceAbout } from './device-about.tsx';
import { DeviceUses } from './device-uses.tsx';
import type { Device } from './devices.ts';
import styles from './devices-page.module.css';

export function DeviceRow({ device }: { readonly device: Device }) {
  const { t } = useTranslation('console');
  const queryClient = useQueryClient();
  const [revoking, setRevoking] = useState(false);
  const [usesShown, setUsesShown] = useState(false);
  const { id, status } = device;
  const name = device.label === '' ? t('devices.unnamed') : device.label;
  const revoke = useMutation({
    mutationFn: () => api('DELETE /v1/tokens/{id}', { path: { id } }),
    async onSuccess() {
      setRevoking(false);
      await queryClient.invalidateQueries({ queryKey: ['tokens'] });
    },
  });
  return (
    <li className={styles.row}>
      <DeviceAbout device={device} name={name} />
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
