import { Badge } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../session/server.ts';
import { useSession } from '../../session/session-gate.tsx';
import { Card, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { Facts } from '../table/facts.tsx';
import { Table } from '../table/table.tsx';
import { useNumber } from '../use-number.ts';
import styles from './keys-page.module.css';
import { Rotation } from './rotation.tsx';

/** The server's keys; of the signing keys the public side only. */
export function KeysPage() {
  const { t } = useTranslation('operator');
  const { role } = useSession();
  const number = useNumber();
  const query = useQuery({
    queryKey: ['operator', 'keys'],
    queryFn: ({ signal }) => api('GET /v1/admin/keys', {}, { signal }),
  });
  return (
    <Page title={t('keys.title')}>
      <Reading query={query}>
        {({ custody, key_version: version, signing_keys: signing }) => (
          <>
            <Card>
              <Facts
                facts={[
                  [t('keys.custody'), t(`overview.custody_${custody}`)],
                  [t('keys.version'), number(version)],
                ]}
              />
            </Card>
            <Card title={t('keys.signing')}>
              <p className={styles.intro}>{t('keys.signing_intro')}</p>
              <Table
                caption={t('keys.signing')}
                rows={signing}
                keyOf={({ kid }) => kid}
                columns={[
                  {
                    key: 'kid',
                    title: t('keys.kid'),
                    cell: ({ kid }) => <code className={styles.code}>{kid}</code>,
                  },
                  {
                    key: 'state',
                    title: t('keys.state'),
                    whole: true,
                    cell: ({ active }) => (
                      <Badge color={active ? 'pine' : 'gray'} variant="light" tt="none" size="lg" fw={600}>
                        {t(active ? 'keys.active' : 'keys.old')}
                      </Badge>
                    ),
                  },
                ]}
              />
              <a className={styles.link} href="/.well-known/jwks.json">
                {t('keys.published')}
              </a>
            </Card>
          </>
        )}
      </Reading>
      {role === 'admin' && <Rotation />}
    </Page>
  );
}
