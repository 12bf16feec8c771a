import i18next from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { common as commonEn } from './common.en.ts';
import { common as commonEs } from './common.es.ts';
import { LANGUAGES, type Language, storedLanguage, storeLanguage } from './language.ts';

export type { Texts } from './translated.ts';

/** Texts of both languages under a namespace; they are in the bundle of the page, so that nothing waits for them. */
export function addTexts(namespace: string, texts: Readonly<Record<Language, object>>): void {
  for (const language of LANGUAGES) i18next.addResourceBundle(language, namespace, texts[language]);
}

/** Before the first render. */
export async function startTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: storedLanguage(),
    fallbackLng: 'en',
    supportedLngs: LANGUAGES,
    ns: ['common'],
    defaultNS: 'common',
    resources: { en: { common: commonEn }, es: { common: commonEs } },
    // React escapes what it renders; a value that is escaped twice would show its entities.
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
 * For dates and numbers: the person's own region where it is of the language in force, since `en` alone would write
 * dates as in one country.
 */
export function currentLocale(): string {
  const language = currentLanguage();
  return navigator.languages.find((tag) => tag.toLowerCase().startsWith(`${language}-`)) ?? language;
}

/** As `currentLocale`; the component renders again when the language changes. */
export function useLocale(): string {
  useTranslation();
  return currentLocale();
}

/** The language in force; the component renders again when it changes. */
export function useLanguage(): Language {
  useTranslation();
  return currentLanguage();
}
