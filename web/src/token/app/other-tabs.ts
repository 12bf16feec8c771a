import { useEffect, useSyncExternalStore } from 'react';
import type { Device } from '../device/device.ts';

const CHANNEL = 'sello-token';

/** Locks this tab and the token's other tabs in this browser. */
export function lockEverywhere(device: Device): void {
  device.lock();
  tellOtherTabs('lock');
}

/** Erases the device, of which the other tabs then forget what they hold. */
export async function eraseEverywhere(device: Device): Promise<void> {
  await device.erase();
  tellOtherTabs('erased');
}

/** Follows what is done in the token's other tabs, and tells them of an erasure after too many wrong PINs. */
export function useOtherTabs(device: Device): void {
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = ({ data }) => {
      if (data === 'lock') device.lock();
      if (data === 'erased') void device.erasedElsewhere();
    };
    return () => channel.close();
  }, [device]);
  const erased = useSyncExternalStore(
    (listener) => device.subscribe(listener),
    () => device.view.erased,
  );
  useEffect(() => {
    if (erased) tellOtherTabs('erased');
  }, [erased]);
}

function tellOtherTabs(what: 'lock' | 'erased'): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(what);
  channel.close();
}
