/** Languages that the pages and the server's problems come in. */
export const LANGUAGES = ['en', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];

const KEY = 'sello-language';

/** The first of the person's languages that there are texts in, else English. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split('-')[0];
    const found = LANGUAGES.find((language) => language === primary);
    if (found) return found;
  }
  return 'en';
}

export function storedLanguage(): Language {
  const stored = localStorage.getItem(KEY);
  return preferredLanguage(stored === null ? navigator.languages : [stored]);
}

export function storeLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
}
