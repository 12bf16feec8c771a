import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { DeviceAbout } from '../../account/device-about.tsx';
import styles from '../../account/device-row.module.css';
import type { Device } from '../../account/devices.ts';
import { idempotencyKey } from '../../api/api.ts';
import type { User } from '../../api/operations.ts';
import { api } from '../../session/server.ts';
import { useSession } from '../../session/session-gate.tsx';
import { Confirm } from '../../shell/confirm.tsx';

/** A user's device, which an administrator may revoke. */
export function UserToken({ user, device }: { readonly user: User; readonly device: Device }) {
  const { t } = useTranslation('operator');
  const account = useTranslation('account').t;
  const { role } = useSession();
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { id, username } = user;
  const name = device.label === '' ? account('device.unnamed') : device.label;
  const revoke = useMutation({
    mutationFn: () =>
      api(
        'DELETE /v1/admin/users/{id}/tokens/{token}',
        { path: { id, token: device.id } },
        { idempotencyKey: idempotencyKey() },
      ),
    onSuccess() {
      setAsking(false);
      return queryClient.invalidateQueries({ queryKey: ['operator'] });
    },
  });
  return (
    <li className={styles.row}>
      <DeviceAbout device={device} name={name} />
      {role === 'admin' && device.status !== 'revoked' && (
        <div className={styles.tools}>
          <Button
            variant="light"
            color="red"
            size="sm"
            aria-label={account('device.revoke_name', { name })}
            onClick={() => setAsking(true)}
          >
            {account('device.revoke')}
          </Button>
        </div>
      )}
      <Confirm
        opened={asking}
        title={t('users.revoke_title', { name, user: username })}
        text={t('users.revoke_text', { user: username })}
        confirm={account('device.revoke_confirm')}
        action={revoke}
        onClose={() => setAsking(false)}
      />
    </li>
  );
}
