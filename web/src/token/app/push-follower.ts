import { useEffect } from 'react';
import { useLanguage } from '../../i18n/texts.ts';
import { renewPush } from '../push/push.ts';
import { useDevice, useDeviceView } from './device-context.tsx';

/** Keeps the subscription to pushed messages right while the device is open, and goes where a notification leads. */
export function usePushFollower(): void {
  const device = useDevice();
  const { phase, feeds } = useDeviceView();
  const language = useLanguage();
  const users = feeds.map(({ tokenId }) => tokenId).join(' ');
  useEffect(() => {
    if (phase !== 'open' || users === '') return;
    // What fails now is tried when the device is opened next.
    renewPush(device.approvingSessions(), language).catch(() => undefined);
  }, [device, phase, users, language]);

  useEffect(() => {
    if (!('serviceWorker' in navigator)) return;
    const go = ({ data }: MessageEvent<unknown>) => {
      const hash = (data as { readonly open?: unknown } | null)?.open;
      if (typeof hash === 'string' && /^#\/approvals(\/[0-9A-Za-z_-]{1,64})?$/.test(hash))
        location.hash = hash;
    };
    navigator.serviceWorker.addEventListener('message', go);
    return () => navigator.serviceWorker.removeEventListener('message', go);
  }, []);
}
