/// <reference lib="webworker" />
declare const self: ServiceWorkerGlobalScope;

export {};

const PRECACHE = '__PRECACHE__';
const PREFIX = 'sello-token-';
const PAGE = '/token';
/** A page that is not there by then is taken from what is kept: a bad network is no network. */
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

/** The page says when: never in the middle of something. */
self.addEventListener('message', ({ data }) => {
  if (data === 'activate') void self.skipWaiting();
});

/** The page itself and its files, and nothing else: what the API answers is never kept, nor looked for here. */
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    if (pathname === PAGE || pathname === `${PAGE}/`) event.respondWith(page(request));
  } else if (kept.has(pathname)) event.respondWith(file(request));
});

/** From the server where it answers, so that an old page outlives no upgrade; else as it was kept. */
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
