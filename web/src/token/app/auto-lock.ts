import { useEffect } from 'react';
import type { Device } from '../device/device.ts';

/** The device locks when it was not touched for this long. */
const IDLE_MS = 180_000;
/** It also locks when it was hidden for this long: enough to type a code elsewhere. */
const HIDDEN_MS = 60_000;
const LOOK_MS = 5_000;

/** Locks a device that was left open. */
export function useAutoLock(device: Device, open: boolean): void {
  useEffect(() => {
    if (!open) return;
    let touchedAtMs = Date.now();
    let hiddenAtMs: number | undefined;
    const touch = () => {
      touchedAtMs = Date.now();
    };
    const look = () => {
      const hidden = hiddenAtMs !== undefined && Date.now() - hiddenAtMs > HIDDEN_MS;
      if (hidden || Date.now() - touchedAtMs > IDLE_MS) device.lock();
    };
    const see = () => {
      // A suspended page runs no timers; it checks when it becomes visible.
      if (document.visibilityState === 'visible') look();
      hiddenAtMs = document.visibilityState === 'hidden' ? Date.now() : undefined;
    };
    const timer = setInterval(look, LOOK_MS);
    addEventListener('pointerdown', touch);
    addEventListener('keydown', touch);
    document.addEventListener('visibilitychange', see);
    return () => {
      clearInterval(timer);
      removeEventListener('pointerdown', touch);
      removeEventListener('keydown', touch);
      document.removeEventListener('visibilitychange', see);
    };
  }, [device, open]);
}
