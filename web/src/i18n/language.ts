/** Languages of the pages and of the server's problems. */
export const LANGUAGES = ['en', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];

const KEY = 'sello-language';

/** Returns the first of the user's languages that the pages have, else English. */
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
