import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { designVariables } from './build/design-variables.ts';
import { precache } from './build/precache.ts';
import { precompress } from './build/precompress.ts';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const WORKER = file('src/token/service-worker.ts');

/** Where `npx vite --config web/vite.config.ts` finds the API while pages are being written. */
const API = process.env.SELLO_WEB_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: file('.'),
  // The pages name their files from the root: /assets/…; the server serves dist there.
  base: '/',
  publicDir: file('public'),
  plugins: [
    react(),
    designVariables(),
    precache({ page: 'token/index.html', worker: 'service-worker.js' }),
    precompress(),
  ],
  build: {
    outDir: file('dist'),
    emptyOutDir: true,
    target: ['chrome120', 'firefox121', 'safari17.4'],
    // The Content-Security-Policy has no data: and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: {
        landing: file('index.html'),
        console: file('console/index.html'),
        token: file('token/index.html'),
        ...(existsSync(WORKER) ? { 'service-worker': WORKER } : {}),
      },
      output: {
        // The worker's scope is its folder, and its address must not change: it is served from the root.
        entryFileNames: ({ name }) =>
          name === 'service-worker' ? 'service-worker.js' : 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
  css: { modules: { localsConvention: 'camelCaseOnly' } },
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/.well-known', '/healthz', '/readyz', '/openapi.json'].map((path) => [
        path,
        { target: API, changeOrigin: false },
      ]),
    ),
  },
});
