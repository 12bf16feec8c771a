import type { Language } from './language.ts';

/** A text for a person in each language: side by side, so that none is forgotten. */
export type Text = Readonly<Record<Language, string>>;

export function text(en: string, es: string): Text {
  return { en, es };
}

/** A number and its noun: `1 user`, `2 users`. */
export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** How much of a journal: entries and users. */
export function journalSize(entries: number, users: number): Text {
  return text(
    `${counted(entries, 'entry', 'entries')} of ${counted(users, 'user', 'users')}`,
    `${counted(entries, 'entrada', 'entradas')} de ${counted(users, 'usuario', 'usuarios')}`,
  );
}

/** Before the configuration is read: by flag, by variable, by locale. The configuration may say otherwise later. */
export function earlyLanguage(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Language {
  const at = argv.findIndex((word) => word === '--language' || word.startsWith('--language='));
  const word = argv[at] ?? '';
  const flag = word.includes('=') ? word.slice(word.indexOf('=') + 1) : argv[at + 1];
  const named = (at >= 0 ? flag : undefined) ?? environment.SELLO_LANGUAGE;
  if (named === 'en' || named === 'es') return named;
  const locale = environment.LC_ALL || environment.LC_MESSAGES || environment.LANG || '';
  return /^es(_|\.|@|$)/.test(locale) ? 'es' : 'en';
}
