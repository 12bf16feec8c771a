import { useSyncExternalStore } from 'react';
import { trustedAddress } from '../trusted-address.ts';

const CHECK_MS = 3_600_000;

let waiting: ServiceWorker | undefined;
const listeners = new Set<() => void>();

/**
 * Registers the service worker, which lets the page work offline, and watches for new versions. A new version waits
 * until `applyUpdate`: it must not replace the program in the middle of an approval.
 */
export async function followUpdates(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  // The first worker takes over the page that registered it, and that page is current.
  let first = navigator.serviceWorker.controller === null;
  const registration = await navigator.serviceWorker.register(trustedAddress('/service-worker.js'), {
    scope: '/token',
    type: 'module',
    updateViaCache: 'none',
  });
  let reloading = false;
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (!first && !reloading) {
      reloading = true;
      location.reload();
    }
    first = false;
  });
  const look = (worker: ServiceWorker | null) => {
    if (worker?.state !== 'installed' || !navigator.serviceWorker.controller) return;
    waiting = worker;
    for (const listener of listeners) listener();
  };
  look(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => look(installing));
  });
  setInterval(() => void registration.update().catch(() => undefined), CHECK_MS);
}

/** Activates the waiting version, which reloads the page. */
export function applyUpdate(): void {
  waiting?.postMessage('activate');
}

export function useUpdate(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => waiting !== undefined,
  );
}
