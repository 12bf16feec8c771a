/// <reference lib="webworker" />
import { PUSH_TEXTS, readPushedMessage } from './push/pushed-message.ts';

declare const self: ServiceWorkerGlobalScope;

// Why: docs/DECISIONS.md#a-newer-token-version-waits
const PRECACHE = '__PRECACHE__';
const PREFIX = 'sello-token-';
const PAGE = '/token';
/** After this time the stored page is used: a bad network counts as none. */
const PAGE_TIME_MS = 4_000;

interface Precache {
  readonly version: string;
  readonly files: readonly string[];
}

const { version, files }: Precache = PRECACHE.startsWith('{')
  ? JSON.parse(PRECACHE)
  : { version: 'unbuilt', files: [] };
const NAME = `${PREFIX}${version}`;
const kept = new Set(files);

self.addEventListener('install', (event) => {
  const fill = async () => {
    const cache = await caches.open(NAME);
    await cache.addAll(files.map((file) => new Request(file, { cache: 'reload' })));
  };
  event.waitUntil(fill());
});

self.addEventListener('activate', (event) => {
  const take = async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== NAME);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(take());
});

/** The page decides when a new version takes over, never in the middle of an action. */
self.addEventListener('message', ({ data }) => {
  if (data === 'activate') void self.skipWaiting();
});

/** Serves the page and its files, and nothing else: answers of the API are neither stored nor looked up here. */
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    if (pathname === PAGE || pathname === `${PAGE}/`) event.respondWith(page(request));
  } else if (kept.has(pathname)) event.respondWith(file(request));
});

/** Prefers the server, so that no old page outlives an upgrade; falls back to the stored page. */
async function page(request: Request): Promise<Response> {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PAGE_TIME_MS) });
    if (response.ok) return response;
    return (await match(PAGE)) ?? response;
  } catch (error) {
    const found = await match(PAGE);
    if (found) return found;
    throw error;
  }
}

async function file(request: Request): Promise<Response> {
  return (await match(request)) ?? fetch(request);
}

async function match(request: Request | string): Promise<Response | undefined> {
  const cache = await caches.open(NAME);
  return cache.match(request, { ignoreSearch: true, ignoreVary: true });
}

/** Shows a notification for every message, because browsers take the right to push away from who shows none. */
self.addEventListener('push', (event) => {
  const message = readPushedMessage(event.data?.text() ?? '');
  const { title, body } = PUSH_TEXTS[message?.language ?? 'en'];
  const shown = self.registration.showNotification(title, {
    body,
    icon: '/icons/token-192.png',
    badge: '/icons/token-192.png',
    lang: message?.language ?? 'en',
    // A repetition takes the place of the one before.
    tag: message?.transaction ?? 'approvals',
    data: message?.transaction,
  });
  event.waitUntil(shown);
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const id: unknown = event.notification.data;
  event.waitUntil(openApproval(typeof id === 'string' ? id : undefined));
});

/** Shows the transaction in a page that is open, or in a new one. */
async function openApproval(id: string | undefined): Promise<void> {
  const hash = id === undefined ? '#/approvals' : `#/approvals/${id}`;
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const open = pages.find(({ url }) => new URL(url).pathname === PAGE);
  if (!open) {
    await self.clients.openWindow(`${PAGE}${hash}`);
    return;
  }
  open.postMessage({ open: hash });
  // A page that may not be brought to the front shows it all the same.
  await open.focus().catch(() => undefined);
}
