/** The languages of texts for people. */
export type Language = 'en' | 'es';

/**
 * The language that `Accept-Language` prefers (RFC 9110 section 12.5.4).
 * @returns English when the header is missing, malformed or names neither
 */
export function preferredLanguage(acceptLanguage: string | undefined): Language {
  let best: Language = 'en';
  let bestQuality = 0;
  for (const range of (acceptLanguage ?? '').slice(0, 1024).split(',')) {
    const [tag = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const language = tag === '*' ? 'en' : tag.split('-', 1)[0];
    if (language !== 'en' && language !== 'es') continue;
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const quality = weight === undefined ? 1 : Number(weight.slice(2));
    if (quality > bestQuality && quality <= 1) {
      best = language;
      bestQuality = quality;
    }
  }
  return best;
}

/** The language of a process's locale (POSIX: `LC_ALL`, then `LC_MESSAGES`, then `LANG`). @returns English for any but Spanish */
export function localeLanguage(environment: Readonly<Record<string, string | undefined>>): Language {
  const locale = environment.LC_ALL || environment.LC_MESSAGES || environment.LANG || '';
  return /^es(_|\.|@|$)/.test(locale) ? 'es' : 'en';
}
