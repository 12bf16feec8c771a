import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { DeviceAbout } from '../../account/device-about.tsx';
import styles from '../../account/device-row.module.css';
import type { Device } from '../../account/devices.ts';
import { api } from '../../session/server.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { DeviceUses } from './device-uses.tsx';
import { ResyncDialog } from './resync-dialog.tsx';

export function DeviceRow({
  device,
  isOnly,
}: {
  readonly device: Device;
  /** Whether it is the only active token: without it only recovery codes or administrators help. */
  readonly isOnly: boolean;
}) {
  const { t } = useTranslation('console');
  const account = useTranslation('account').t;
  const queryClient = useQueryClient();
  const [revoking, setRevoking] = useState(false);
  const [usesShown, setUsesShown] = useState(false);
  const [resyncing, setResyncing] = useState(false);
  const { id, status, kind } = device;
  const name = device.label === '' ? account('device.unnamed') : device.label;
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
        {status === 'active' && kind === 'hotp' && (
          <Button variant="default" size="sm" onClick={() => setResyncing(true)}>
            {t('devices.resync')}
          </Button>
        )}
        {status !== 'revoked' && (
          <Button
            variant="light"
            color="red"
            size="sm"
            aria-label={account('device.revoke_name', { name })}
            onClick={() => setRevoking(true)}
          >
            {account('device.revoke')}
          </Button>
        )}
      </div>
      <DeviceUses device={device} name={name} opened={usesShown} onClose={() => setUsesShown(false)} />
      {resyncing && <ResyncDialog id={id} onClose={() => setResyncing(false)} />}
      <Confirm
        opened={revoking}
        title={t('devices.revoke_title')}
        text={t('devices.revoke_text', { name })}
        confirm={account('device.revoke_confirm')}
        action={revoke}
        onClose={() => setRevoking(false)}
      >
        {isOnly && <p role="note">{t('recovery_codes.only_token')}</p>}
      </Confirm>
    </li>
  );
}
