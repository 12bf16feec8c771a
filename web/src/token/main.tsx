import type { ReactNode } from 'react';
import { startPage } from '../design/page.tsx';
import { PageFault } from '../design/page-fault.tsx';
import { currentLanguage } from '../i18n/texts.ts';
import { DeviceProvider } from './app/device-context.tsx';
import { followInstallOffer } from './app/install/install-offer.ts';
import { TokenApp } from './app/token-app.tsx';
import { Unfit } from './app/unfit.tsx';
import { followUpdates } from './app/updates.ts';
import { Device } from './device/device.ts';
import { IndexedStorage } from './device/indexed-storage.ts';
import { askPasskey, makePasskey } from './keyring/passkey.ts';
import { workerStretcher } from './keyring/worker-stretcher.ts';
import './token.css';
import { token as en } from './texts.en.ts';
import { token as es } from './texts.es.ts';

async function content(): Promise<ReactNode> {
  if (!isSecureContext) return <Unfit reason="insecure" />;
  let storage: IndexedStorage;
  try {
    storage = await IndexedStorage.open();
  } catch {
    return <Unfit reason="storage" />;
  }
  const device = await Device.start({
    storage,
    stretcher: workerStretcher,
    passkeys: { make: makePasskey, ask: askPasskey },
    language: currentLanguage,
  });
  void device.measureClock();
  return (
    <DeviceProvider device={device}>
      <TokenApp />
    </DeviceProvider>
  );
}

followInstallOffer();
const shown = await content();
await startPage({ token: { en, es } }, <PageFault>{shown}</PageFault>);
// The next visit looks for updates again.
followUpdates().catch((error: unknown) => console.warn('no updates', error));
