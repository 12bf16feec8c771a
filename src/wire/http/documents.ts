import { docsPage, problemsPage, STYLE } from './docs-page.ts';
import { openApiDocument } from './openapi.ts';
import { ROUTES } from './routes.ts';
import { VERSION } from './version.ts';

export interface Document {
  readonly path: string;
  readonly contentType: string;
  readonly text: string;
}

/** The API's documents, for programs and for people, made once from the routes. Pages load nothing from elsewhere. */
export function documents(): readonly Document[] {
  const api = openApiDocument(ROUTES, VERSION);
  const html = 'text/html; charset=utf-8';
  return [
    {
      path: '/openapi.json',
      contentType: 'application/json; charset=utf-8',
      text: `${JSON.stringify(api)}\n`,
    },
    { path: '/docs', contentType: html, text: docsPage(api) },
    { path: '/docs/problems', contentType: html, text: problemsPage() },
    { path: '/docs/style.css', contentType: 'text/css; charset=utf-8', text: STYLE },
  ];
}
