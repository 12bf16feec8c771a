import type { RefusalCode } from '../../../domain/errors.ts';
import { ERRORS } from '../../errors.ts';
import { escaped } from './html.ts';
import { page } from './page.ts';

/** The table of errors: where the `type` of a problem points. */
export function problemsPage(): string {
  const codes = (Object.keys(ERRORS) as RefusalCode[]).sort();
  const rows = codes.map((code) => {
    const { http, en, es } = ERRORS[code];
    const text = `${code} ${http} ${en.title} ${es.title}`.toLowerCase();
    return `<article id="${code}" class="problem" data-text="${escaped(text)}"><h2><code>${code}</code> <small>${http}</small></h2><p>${escaped(en.title)}. ${escaped(en.detail)}</p><p lang="es">${escaped(es.title)}. ${escaped(es.detail)}</p></article>`;
  });
  return page({
    title: 'Sello: errors',
    navigation: [
      { title: 'Codes', links: codes.map((code) => ({ href: `#${code}`, html: `<code>${code}</code>` })) },
    ],
    main: `<section class="introduction"><h1>Errors</h1><p class="lead">Decide by the code; show the text.</p></section><section>${rows.join('')}</section>`,
  });
}
