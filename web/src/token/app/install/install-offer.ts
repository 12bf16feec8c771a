import { useSyncExternalStore } from 'react';

/** Chromium's event before a page may be installed (not on the standards track). */
interface BeforeInstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

/** How this browser puts the page on the home screen; `installed` in a window of its own. */
export type InstallWay = 'installed' | 'prompt' | 'ios' | 'android' | 'unknown';

let offer: BeforeInstallPrompt | undefined;
let installed = false;
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

/** Keeps the browser's offer for the page's own button. Call before the first render: the offer comes once. */
export function followInstallOffer(): void {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    offer = event as BeforeInstallPrompt;
    tell();
  });
  addEventListener('appinstalled', () => {
    offer = undefined;
    installed = true;
    tell();
  });
}

/** Shows the browser's own question. It can be asked once for each offer. */
export async function install(): Promise<void> {
  const asked = offer;
  offer = undefined;
  await asked?.prompt();
  tell();
}

export function useInstallWay(): InstallWay {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => installWay(),
  );
}

function installWay(): InstallWay {
  const { standalone } = navigator as { standalone?: boolean };
  if (installed || standalone === true || matchMedia('(display-mode: standalone)').matches)
    return 'installed';
  if (offer) return 'prompt';
  // Safari on iOS and iPadOS alone has `standalone`; there is no feature to ask for instead of a name.
  if (standalone === false) return 'ios';
  return /Android/.test(navigator.userAgent) ? 'android' : 'unknown';
}
