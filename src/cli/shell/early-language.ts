import { type Language, localeLanguage } from '../../language/language.ts';

/**
 * The language to use before the configuration is read: that of `--language`, else of `SELLO_LANGUAGE`, else of the
 * locale. The configuration may change it later.
 */
export function earlyLanguage(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Language {
  const at = argv.findIndex((word) => word === '--language' || word.startsWith('--language='));
  const word = argv[at] ?? '';
  const flag = word.includes('=') ? word.slice(word.indexOf('=') + 1) : argv[at + 1];
  const named = (at >= 0 ? flag : undefined) ?? environment.SELLO_LANGUAGE;
  if (named === 'en' || named === 'es') return named;
  return localeLanguage(environment);
}
