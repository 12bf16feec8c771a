import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import rows from '../../account/rows.module.css';
import type { Answer } from '../../api/api.ts';
import { toBase64Url } from '../../api/base64url.ts';
import type { PublicKey } from '../../api/operations.ts';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { Card } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import styles from './security.module.css';

type Own = Answer<'GET /v1/identities'>['identities'][number];

interface Listed extends Own {
  /** Thumbprints (RFC 7638), as this page computes them. */
  readonly sign: string;
  readonly seal: string;
}

async function thumbprint({ crv, kty, x, y }: PublicKey): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify({ crv, kty, x, y }));
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', text)));
}

async function listOwn(signal: AbortSignal): Promise<readonly Listed[]> {
  const { identities } = await api('GET /v1/identities', {}, { signal });
  return Promise.all(
    identities.map(async (each) => ({
      ...each,
      sign: await thumbprint(each.sign_jwk),
      seal: await thumbprint(each.seal_jwk),
    })),
  );
}

/** One's own keys for messages, those of before too, and how to revoke those in force. Shown where there are any. */
export function MessageKeys() {
  const { t } = useTranslation('console');
  const queryClient = useQueryClient();
  const [revoking, setRevoking] = useState(false);
  const query = useQuery({ queryKey: ['identities'], queryFn: ({ signal }) => listOwn(signal) });
  const revoke = useMutation({
    mutationFn: () => api('DELETE /v1/identities/current'),
    onSuccess() {
      setRevoking(false);
      return queryClient.invalidateQueries({ queryKey: ['identities'] });
    },
  });
  const inForce = query.data?.some(({ revoked_at: at }) => at === null) ?? false;
  return (
    <Card
      title={t('security.message_keys')}
      actions={
        inForce && (
          <Button variant="light" color="red" onClick={() => setRevoking(true)}>
            {t('security.message_keys_revoke')}
          </Button>
        )
      }
    >
      <p className={styles.intro}>{t('security.message_keys_intro')}</p>
      <Reading query={query} lines={1}>
        {(listed) =>
          listed.length === 0 ? (
            <p className={rows.about}>{t('security.message_keys_none')}</p>
          ) : (
            <ul className={rows.rows}>
              {listed.map((each) => (
                <Line key={each.sign} {...each} />
              ))}
            </ul>
          )
        }
      </Reading>
      <Confirm
        opened={revoking}
        title={t('security.message_keys_revoke_title')}
        text={t('security.message_keys_revoke_text')}
        confirm={t('security.message_keys_revoke')}
        action={revoke}
        onClose={() => setRevoking(false)}
      />
    </Card>
  );
}

function Line({ sign, seal, level, enrolled_at: enrolledAt, revoked_at: revokedAt }: Listed) {
  const { t } = useTranslation('console');
  const locale = useLocale();
  return (
    <li className={styles.row}>
      <div className="sello-text">
        <strong>
          {revokedAt === null ? t('security.message_keys_in_force') : t('security.message_keys_old')}
        </strong>
        <div className={rows.about}>
          {t('security.message_keys_enrolled', { time: shownTime(enrolledAt, locale) })}{' '}
          {revokedAt !== null && t('security.message_keys_until', { time: shownTime(revokedAt, locale) })}
        </div>
        <div className={rows.about}>{t(`security.message_keys_level_${level}`)}</div>
        <div className={rows.about}>{t('security.message_keys_sign', { thumbprint: sign })}</div>
        <div className={rows.about}>{t('security.message_keys_seal', { thumbprint: seal })}</div>
      </div>
    </li>
  );
}
