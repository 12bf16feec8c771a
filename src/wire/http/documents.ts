import { readFileSync } from 'node:fs';
import { docsPage } from './docs/operations.ts';
import { problemsPage } from './docs/problems.ts';
import { openApiDocument } from './openapi.ts';
import { ROUTES } from './routes.ts';
import { VERSION } from './version.ts';

export interface Document {
  readonly path: string;
  readonly contentType: string;
  /** Bytes rather than text: all answers share them, however many are unread. */
  readonly bytes: Buffer;
}

/** The API's documents, for programs and for people, made once from the routes. Pages load nothing from elsewhere. */
export function documents(): readonly Document[] {
  const api = openApiDocument(ROUTES, VERSION);
  const html = 'text/html; charset=utf-8';
  return [
    {
      path: '/openapi.json',
      contentType: 'application/json; charset=utf-8',
      bytes: Buffer.from(`${JSON.stringify(api)}\n`),
    },
    { path: '/docs', contentType: html, bytes: Buffer.from(docsPage(api)) },
    { path: '/docs/problems', contentType: html, bytes: Buffer.from(problemsPage()) },
    { path: '/docs/style.css', contentType: 'text/css; charset=utf-8', bytes: file('style.css') },
    { path: '/docs/logo.svg', contentType: 'image/svg+xml', bytes: file('logo.svg') },
    { path: '/docs/search.js', contentType: 'text/javascript; charset=utf-8', bytes: file('search.js') },
  ];
}

function file(name: string): Buffer {
  return readFileSync(new URL(`docs/${name}`, import.meta.url));
}
