import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import rows from '../../account/rows.module.css';
import { PhoneIcon, PlusIcon } from '../../design/icons.tsx';
import { hashOf } from '../../routing/hash-route.ts';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { DeviceRow } from './device-row.tsx';
import { useTokens } from './use-tokens.ts';

export function DevicesPage() {
  const { t } = useTranslation('console');
  const account = useTranslation('account').t;
  const query = useTokens();
  const [all, setAll] = useState(false);
  return (
    <Page
      title={t('devices.title')}
      actions={
        <Button component="a" href={hashOf('devices', 'enrol')} leftSection={<PlusIcon size={18} />}>
          {t('devices.add')}
        </Button>
      }
    >
      <Card>
        <Reading query={query}>
          {(devices) => {
            const active = devices.filter(({ status }) => status === 'active');
            const revoked = devices.filter(({ status }) => status === 'revoked');
            const shown = all ? devices : devices.filter(({ status }) => status !== 'revoked');
            return (
              <>
                {shown.length === 0 ? (
                  <Empty
                    icon={<PhoneIcon size={26} />}
                    title={t('devices.none_title')}
                    text={t('devices.none')}
                  />
                ) : (
                  <ul className={rows.rows}>
                    {shown.map((device) => (
                      <DeviceRow
                        key={device.id}
                        device={device}
                        isOnly={device.status === 'active' && active.length === 1}
                      />
                    ))}
                  </ul>
                )}
                {revoked.length > 0 && !all && (
                  <Button variant="subtle" mt="sm" onClick={() => setAll(true)}>
                    {account('device.revoked_shown', { count: revoked.length })}
                  </Button>
                )}
              </>
            );
          }}
        </Reading>
      </Card>
    </Page>
  );
}
