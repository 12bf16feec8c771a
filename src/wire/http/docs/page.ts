import { escaped } from './html.ts';

export interface NavigationGroup {
  readonly title: string;
  readonly links: readonly { readonly href: string; readonly html: string }[];
}

/** A page of the API's documents. It is whole without its script, which searches in the navigation. */
export function page({
  title,
  navigation,
  main,
}: {
  readonly title: string;
  readonly navigation: readonly NavigationGroup[];
  readonly main: string;
}): string {
  const groups = navigation.map(
    ({ title: name, links }) =>
      `<details open><summary>${escaped(name)}</summary><ul>${links
        .map(({ href, html }) => `<li><a href="${href}">${html}</a></li>`)
        .join('')}</ul></details>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${escaped(title)}</title><link rel="icon" type="image/svg+xml" href="/docs/logo.svg"><link rel="stylesheet" href="/docs/style.css"><script src="/docs/search.js" defer></script></head><body><a class="skip" href="#content">To the content</a><header class="top"><a class="brand" href="/docs"><img src="/docs/logo.svg" width="32" height="32" alt=""><span>Sello <small>API</small></span></a><span class="links"><a href="/docs">Calls</a><a href="/docs/problems">Errors</a><a href="/openapi.json">openapi.json</a></span></header><div class="frame"><nav aria-label="Contents"><label class="search" hidden>Search<input type="search" placeholder="transactions, POST, locked…"></label>${groups.join('')}</nav><main id="content">${main}</main></div></body></html>\n`;
}
