import 'virtual:palette.css';
import './tokens.css';
import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { Language } from '../i18n/language.ts';
import { addTexts, startTexts } from '../i18n/texts.ts';
import { startColorScheme } from './color-scheme.ts';

/** Of public/load.js. */
const LOAD_FAILURES_KEY = 'sello-load-failures';
const RELOADED_KEY = 'sello-reloaded-at';
const RELOAD_PAUSE_MS = 60_000;

/**
 * Reloads the page when a part cannot be loaded because the server was upgraded meanwhile. At most once a minute, to
 * avoid a loop.
 */
function reloadWhenUpgraded(): void {
  window.addEventListener('vite:preloadError', () => {
    const last = Number(sessionStorage.getItem(RELOADED_KEY) ?? 0);
    if (Date.now() - last < RELOAD_PAUSE_MS) return;
    sessionStorage.setItem(RELOADED_KEY, String(Date.now()));
    location.reload();
  });
}

/** Starts a page: applies the colour scheme, loads the texts, renders the content. */
export async function startPage(
  texts: Readonly<Record<string, Readonly<Record<Language, object>>>>,
  content: ReactNode,
): Promise<void> {
  reloadWhenUpgraded();
  startColorScheme();
  await startTexts();
  for (const [namespace, both] of Object.entries(texts)) addTexts(namespace, both);
  const root = document.getElementById('root');
  if (root) createRoot(root).render(<StrictMode>{content}</StrictMode>);
  sessionStorage.removeItem(LOAD_FAILURES_KEY);
}
