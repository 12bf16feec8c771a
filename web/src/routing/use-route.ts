import { useSyncExternalStore } from 'react';
import { hashOf, parseHash, type Route } from './hash-route.ts';

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

export function useHash(): string {
  return useSyncExternalStore(subscribe, () => location.hash);
}

/** The place within this page; the component renders again when it changes. */
export function useRoute(): Route {
  return parseHash(useHash());
}

export function goTo(...route: Route): void {
  location.hash = hashOf(...route);
}

/** Without an entry in the history: for what "back" must not come back to, such as a one-time code. */
export function replaceRoute(...route: Route): void {
  history.replaceState(null, '', hashOf(...route));
  dispatchEvent(new HashChangeEvent('hashchange'));
}
