import { lazy, Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { isApprovalHash } from '../../routing/approval-link.ts';
import { hashCode } from '../../routing/hash-route.ts';
import { useHash, useRoute } from '../../routing/use-route.ts';
import { ApprovalPage } from './approvals/approval-page.tsx';
import { OfflinePage } from './approvals/offline-page.tsx';
import { PendingListPage } from './approvals/pending-list-page.tsx';
import { useAutoLock } from './auto-lock.ts';
import { CodesPage } from './codes/codes-page.tsx';
import { ConfirmPage } from './codes/confirm-page.tsx';
import { TokenPage } from './codes/token-page.tsx';
import { useDevice, useDeviceView, useWaiting } from './device-context.tsx';
import { EnrolPage } from './enrolment/enrol-page.tsx';
import { useOtherTabs } from './other-tabs.ts';
import { usePushFollower } from './push-follower.ts';
import { SettingsPage } from './settings/settings-page.tsx';
import { Shell } from './shell.tsx';
import { UnlockPage } from './unlock-page.tsx';

/** Loaded when it is opened: it brings the cryptography of messages. */
const MessagesPage = lazy(async () => ({
  default: (await import('./messages/messages-page.tsx')).MessagesPage,
}));

/** Chooses the page by the fragment and by whether the device is open. */
export function TokenApp() {
  const { t } = useTranslation('token');
  const device = useDevice();
  const { phase } = useDeviceView();
  const hash = useHash();
  useAutoLock(device, phase === 'open');
  useOtherTabs(device);
  usePushFollower();

  const waiting = useWaiting().length;
  useEffect(() => {
    document.title = waiting > 0 ? `(${waiting}) ${t('title')}` : t('title');
  }, [t, waiting]);

  useEffect(() => {
    const seen = () => device.setVisible(document.visibilityState === 'visible');
    const online = () => device.retryNow();
    document.addEventListener('visibilitychange', seen);
    addEventListener('online', online);
    return () => {
      document.removeEventListener('visibilitychange', seen);
      removeEventListener('online', online);
    };
  }, [device]);

  const linked = hashCode(hash, 'enrol');
  if (phase === 'locked') {
    return (
      <Shell>
        <UnlockPage lead={linked === undefined ? undefined : t('enrol.open_first')} />
      </Shell>
    );
  }
  return (
    <Shell>
      <Page hash={hash} fresh={phase === 'new'} linked={linked} />
    </Shell>
  );
}

function Page({
  hash,
  fresh,
  linked,
}: {
  readonly hash: string;
  readonly fresh: boolean;
  readonly linked: string | undefined;
}) {
  const [place, id] = useRoute();
  const { tokens } = useDeviceView();
  // The enrolment page stays after its token became active, until the user leaves it.
  if (linked !== undefined || place === 'enrol' || fresh) return <EnrolPage linked={linked} />;
  if (isApprovalHash(hash)) return <OfflinePage key={hash} linked={hash} />;
  if (place === 'approvals')
    return id === undefined ? <PendingListPage /> : <ApprovalPage key={id} id={id} />;
  if (place === 'offline') return <OfflinePage linked={undefined} />;
  if (place === 'settings') return <SettingsPage />;
  if (place === 'messages') {
    return (
      <Suspense>
        <MessagesPage />
      </Suspense>
    );
  }
  if (place === 'tokens' && id !== undefined) return <TokenPage key={id} id={id} />;
  if (place === 'confirm' && id !== undefined) return <ConfirmPage id={id} />;
  if (tokens.length === 0) return <EnrolPage linked={undefined} />;
  return <CodesPage />;
}
