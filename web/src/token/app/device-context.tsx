import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react';
import { useNow } from '../../design/use-now.ts';
import type { Device, DeviceView } from '../device/device.ts';
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

/** The server's time as well as it is known, again every so often. */
export function useServerNow(everyMs: number, running = true): number {
  useNow(everyMs, running);
  return useDevice().serverNow();
}

/** What waits for the user's decision and has not expired meanwhile. */
export function useWaiting(): readonly PendingTransaction[] {
  const { feeds } = useDeviceView();
  const now = useServerNow(1_000);
  return feeds.flatMap(({ pending }) => pending).filter(({ expiresAtMs }) => expiresAtMs > now);
}
