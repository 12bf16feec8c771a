import { Button, Group, Loader } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import shared from '../../account/invitation.module.css';
import type { Answer } from '../../api/api.ts';
import { CopyButton } from '../../design/copy-button.tsx';
import { CheckIcon } from '../../design/icons.tsx';
import { QrCode } from '../../design/qr-code.tsx';
import { useDuration } from '../../design/use-duration.ts';
import { useNow } from '../../design/use-now.ts';
import { Card } from '../../shell/page.tsx';
import styles from './enrol-page.module.css';

/** The one-time code as QR code, link and text, until it expires. */
export function InvitationCard({
  invitation,
  received,
  onExpired,
}: {
  readonly invitation: Answer<'POST /v1/enrolments'>;
  readonly received: boolean;
  readonly onExpired: () => void;
}) {
  const { t } = useTranslation('console');
  const duration = useDuration();
  const now = useNow();
  const { code, link, expires_at: expiresAt } = invitation;
  const leftMs = new Date(expiresAt).getTime() - now;
  const expired = useRef(onExpired);
  expired.current = onExpired;
  const over = leftMs <= 0 && !received;
  useEffect(() => {
    if (over) expired.current();
  }, [over]);
  // The link comes from the server's configuration; only a web address is followed.
  const safe = /^https?:\/\//.test(link);
  return (
    <Card>
      <div className={shared.invitation}>
        {!received && (
          <>
            <p>{t('enrol.intro')}</p>
            <QrCode text={link} label={t('enrol.qr')} />
            <Group justify="center">
              {safe && (
                <Button component="a" href={link} target="_blank" rel="noopener" variant="default">
                  {t('enrol.link')}
                </Button>
              )}
              <CopyButton text={link} label={t('enrol.copy_link')} />
            </Group>
            <p className={styles.soft}>{t('enrol.code')}</p>
            <code className={shared.code}>{code}</code>
            <p className={`${styles.soft} sello-figures`} aria-live="off">
              {t('enrol.left', { time: duration(leftMs) })}
            </p>
          </>
        )}
        <p className={styles.state} role="status">
          {received ? <CheckIcon /> : <Loader size="sm" aria-hidden="true" />}
          {t(received ? 'enrol.received' : 'enrol.waiting')}
        </p>
      </div>
    </Card>
  );
}
