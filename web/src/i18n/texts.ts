import i18next from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { common as commonEn } from './common.en.ts';
import { common as commonEs } from './common.es.ts';
import { LANGUAGES, type Language, storedLanguage, storeLanguage } from './language.ts';

export type { Texts } from './translated.ts';

/** Adds the texts of a namespace in both languages. They are part of the bundle, so no page waits for them. */
export function addTexts(namespace: string, texts: Readonly<Record<Language, object>>): void {
  for (const language of LANGUAGES) i18next.addResourceBundle(language, namespace, texts[language]);
}

/** Starts i18next with the stored language. Called before the first render. */
export async function startTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: storedLanguage(),
    fallbackLng: 'en',
    supportedLngs: LANGUAGES,
    ns: ['common'],
    defaultNS: 'common',
    resources: { en: { common: commonEn }, es: { common: commonEs } },
    // React escapes what it renders; escaping values twice would show entities.
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  i18next.on('languageChanged', showLanguage);
  showLanguage();
}

function showLanguage(): void {
  document.documentElement.lang = currentLanguage();
}

export function currentLanguage(): Language {
  return LANGUAGES.find((language) => language === i18next.language) ?? 'en';
}

export async function chooseLanguage(language: Language): Promise<void> {
  storeLanguage(language);
  await i18next.changeLanguage(language);
}

/**
 * Locale for dates and numbers: the user's regional one if it matches the current language. `en` alone would format
 * dates as in the United States.
 */
export function currentLocale(): string {
  const language = currentLanguage();
  return navigator.languages.find((tag) => tag.toLowerCase().startsWith(`${language}-`)) ?? language;
}

/** Returns `currentLocale`, and renders the component again when the language changes. */
export function useLocale(): string {
  useTranslation();
  return currentLocale();
}

/** Returns the current language, and renders the component again when it changes. */
export function useLanguage(): Language {
  useTranslation();
  return currentLanguage();
}
