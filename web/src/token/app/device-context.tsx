import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react';
import { useNow } from '../../design/use-now.ts';
import type { Device } from '../device/device.ts';
import type { DeviceView } from '../device/device-view.ts';
import type { PendingTransaction } from '../transaction/pending-transaction.ts';

const Context = createContext<Device | undefined>(undefined);

export function DeviceProvider({
  device,
  children,
}: {
  readonly device: Device;
  readonly children: ReactNode;
}) {
  return <Context value={device}>{children}</Context>;
}

export function useDevice(): Device {
  const device = useContext(Context);
  if (!device) throw new Error('no device is given');
  return device;
}

export function useDeviceView(): DeviceView {
  const device = useDevice();
  return useSyncExternalStore(
    (listener) => device.subscribe(listener),
    () => device.view,
  );
}

/** Returns the estimated server time (ms since 1970), updated every `everyMs`. */
export function useServerNow(everyMs: number, running = true): number {
  useNow(everyMs, running);
  return useDevice().serverNow();
}

/** Returns the pending transactions that have not expired. */
export function useWaiting(): readonly PendingTransaction[] {
  const { feeds } = useDeviceView();
  const now = useServerNow(1_000);
  return feeds.flatMap(({ pending }) => pending).filter(({ expiresAtMs }) => expiresAtMs > now);
}
