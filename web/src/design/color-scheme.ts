import { useSyncExternalStore } from 'react';

/** `auto`: as the system has it. */
export type ColorScheme = 'light' | 'dark' | 'auto';

const KEY = 'sello-color-scheme';
const SCHEMES: readonly ColorScheme[] = ['light', 'dark', 'auto'];
const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

let chosen = stored();

function stored(): ColorScheme {
  const found = localStorage.getItem(KEY);
  return SCHEMES.find((scheme) => scheme === found) ?? 'auto';
}

function resolved(): 'light' | 'dark' {
  if (chosen !== 'auto') return chosen;
  return system.matches ? 'dark' : 'light';
}

function apply(): void {
  document.documentElement.setAttribute('data-mantine-color-scheme', resolved());
  for (const listener of listeners) listener();
}

/** Before the first render, so that nothing flashes. */
export function startColorScheme(): void {
  system.addEventListener('change', apply);
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

/** What was chosen, and what that is now. */
export function useColorScheme(): { readonly chosen: ColorScheme; readonly scheme: 'light' | 'dark' } {
  const scheme = useSyncExternalStore(subscribe, resolved);
  const wanted = useSyncExternalStore(subscribe, () => chosen);
  return { chosen: wanted, scheme };
}
