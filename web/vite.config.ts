import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { designVariables } from './build/design-variables.ts';
import { pageFrame } from './build/page-frame.ts';
import { precache } from './build/precache.ts';
import { precompress } from './build/precompress.ts';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const WORKER = file('src/token/service-worker.ts');

/** Address of the API for `npx vite --config web/vite.config.ts` during development. */
const API = process.env.SELLO_WEB_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: file('.'),
  // Pages refer to their files from the root (/assets/…), where the server serves dist.
  base: '/',
  publicDir: file('public'),
  plugins: [
    react(),
    pageFrame(),
    designVariables(),
    precache({
      page: 'token/index.html',
      worker: 'service-worker.js',
      // What the page's HTML itself refers to: without it the first paint of a page without a network lacks the logo.
      publicFiles: [
        file('public/sello.svg'),
        file('public/load.js'),
        file('public/token/manifest.webmanifest'),
      ],
      publicDir: file('public'),
    }),
    precompress(),
  ],
  build: {
    outDir: file('dist'),
    emptyOutDir: true,
    target: ['chrome120', 'firefox121', 'safari17.4'],
    // The Content-Security-Policy allows neither data: URLs nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: {
        landing: file('index.html'),
        console: file('console/index.html'),
        token: file('token/index.html'),
        verify: file('verify/index.html'),
        ...(existsSync(WORKER) ? { 'service-worker': WORKER } : {}),
      },
      output: {
        // A worker's scope is the folder of its address, and the address must not change: it is served from the root.
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
      ['/v1', '/log', '/.well-known', '/healthz', '/readyz', '/openapi.json'].map((path) => [
        path,
        { target: API, changeOrigin: false },
      ]),
    ),
  },
});
