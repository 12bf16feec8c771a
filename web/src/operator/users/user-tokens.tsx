import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import rows from '../../account/rows.module.css';
import type { User } from '../../api/operations.ts';
import { Card } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { userDevices } from './user-devices.ts';
import { UserToken } from './user-token.tsx';

/** A user's devices; revoked ones on request. */
export function UserTokens({ user }: { readonly user: User }) {
  const { t } = useTranslation('operator');
  const account = useTranslation('account').t;
  const [all, setAll] = useState(false);
  const query = useQuery(userDevices(user));
  return (
    <Card title={t('users.tokens')}>
      <Reading query={query}>
        {(devices) => {
          const inUse = devices.filter(({ status }) => status !== 'revoked');
          const shown = all ? devices : inUse;
          const hidden = devices.length - shown.length;
          return (
            <>
              {shown.length === 0 ? (
                <p>{t('users.tokens_none')}</p>
              ) : (
                <ul className={rows.rows}>
                  {shown.map((device) => (
                    <UserToken key={device.id} user={user} device={device} />
                  ))}
                </ul>
              )}
              {hidden > 0 && (
                <Button variant="subtle" mt="sm" onClick={() => setAll(true)}>
                  {account('device.revoked_shown', { count: hidden })}
                </Button>
              )}
            </>
          );
        }}
      </Reading>
    </Card>
  );
}
