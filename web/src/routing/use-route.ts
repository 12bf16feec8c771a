import { useSyncExternalStore } from 'react';
import { hashOf, parseHash, type Route } from './hash-route.ts';

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

export function useHash(): string {
  return useSyncExternalStore(subscribe, () => location.hash);
}

/** Returns the current place, and renders the component again when it changes. */
export function useRoute(): Route {
  return parseHash(useHash());
}

export function goTo(...route: Route): void {
  location.hash = hashOf(...route);
}

/** Goes to a place without a history entry, so that "back" does not return to a one-time code. */
export function replaceRoute(...route: Route): void {
  history.replaceState(null, '', hashOf(...route));
  dispatchEvent(new HashChangeEvent('hashchange'));
}
