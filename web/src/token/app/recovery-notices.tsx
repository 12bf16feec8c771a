import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../../i18n/texts.ts';
import { useDevice, useDeviceView } from './device-context.tsx';
import { Button } from './parts/button.tsx';
import { Notice } from './parts/notice.tsx';

/** Tells, on every page, that administrators are giving an account to a new device, and lets its user cancel that. */
export function RecoveryNotices() {
  const { t } = useTranslation('token');
  const locale = useLocale();
  const device = useDevice();
  const { feeds, tokens } = useDeviceView();
  const [failed, setFailed] = useState<string>();
  return feeds.map(({ tokenId, recovery }) => {
    if (!recovery) return null;
    const { askedBy: by, readyAtMs } = recovery;
    const name = tokens.find(({ id }) => id === tokenId)?.username ?? '';
    const cancel = () => device.cancelRecovery(tokenId).catch(() => setFailed(tokenId));
    return (
      <Notice
        key={tokenId}
        kind="danger"
        action={<Button onClick={cancel}>{t('state.recovery_cancel')}</Button>}
      >
        {readyAtMs === undefined
          ? t('state.recovery_asked', { name, by })
          : t('state.recovery_ready', { name, by, time: new Date(readyAtMs).toLocaleString(locale) })}
        {failed === tokenId && <> {t('state.recovery_failed')}</>}
      </Notice>
    );
  });
}
