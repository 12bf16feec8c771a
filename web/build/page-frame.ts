import type { Plugin } from 'vite';

/** What stands around the lines of an entry's HTML file: the same in every page. */
export function pageFrame(): Plugin {
  return {
    name: 'sello:page-frame',
    transformIndexHtml: {
      order: 'pre',
      handler: (lines) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
    <meta name="color-scheme" content="light dark" />
    <meta name="referrer" content="no-referrer" />
    <link rel="icon" type="image/svg+xml" href="/sello.svg" />
    <title>Sello</title>
    <script src="/load.js"></script>
    ${lines.trim()}
  </head>
  <body>
    <noscript>Sello needs JavaScript. · Sello necesita JavaScript.</noscript>
    <div id="root"><img class="first-paint" src="/sello.svg" width="72" height="72" alt="Sello" /></div>
  </body>
</html>
`,
    },
  };
}
