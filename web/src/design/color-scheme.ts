import { useSyncExternalStore } from 'react';

/** `auto`: the scheme of the operating system. */
export type ColorScheme = 'light' | 'dark' | 'auto';

const KEY = 'sello-color-scheme';
const SCHEMES: readonly ColorScheme[] = ['light', 'dark', 'auto'];
const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

let chosen = stored();
// Kept here, for Chromium sends no change event for a value that was read between the change and the event.
let systemIsDark = system.matches;

function stored(): ColorScheme {
  const found = localStorage.getItem(KEY);
  return SCHEMES.find((scheme) => scheme === found) ?? 'auto';
}

function resolved(): 'light' | 'dark' {
  if (chosen !== 'auto') return chosen;
  return systemIsDark ? 'dark' : 'light';
}

function apply(): void {
  document.documentElement.setAttribute('data-mantine-color-scheme', resolved());
  for (const listener of listeners) listener();
}

/** Applies the stored scheme. Called before the first render, so that the page does not flash. */
export function startColorScheme(): void {
  system.addEventListener('change', ({ matches }) => {
    systemIsDark = matches;
    apply();
  });
  window.addEventListener('storage', ({ key }) => {
    if (key !== KEY) return;
    chosen = stored();
    apply();
  });
  apply();
}

export function chooseColorScheme(scheme: ColorScheme): void {
  chosen = scheme;
  localStorage.setItem(KEY, scheme);
  apply();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Returns the chosen scheme and the one in force. */
export function useColorScheme(): { readonly chosen: ColorScheme; readonly scheme: 'light' | 'dark' } {
  const scheme = useSyncExternalStore(subscribe, resolved);
  const wanted = useSyncExternalStore(subscribe, () => chosen);
  return { chosen: wanted, scheme };
}
