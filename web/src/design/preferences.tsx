import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { LANGUAGES } from '../i18n/language.ts';
import { chooseLanguage, useLanguage } from '../i18n/texts.ts';
import { type ColorScheme, chooseColorScheme, useColorScheme } from './color-scheme.ts';
import { GlobeIcon, MoonIcon, SunIcon } from './icons.tsx';
import styles from './preferences.module.css';

const SCHEMES = ['auto', 'light', 'dark'] as const satisfies readonly ColorScheme[];

/** Two native selects: language and appearance. */
export function Preferences() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { chosen, scheme } = useColorScheme();
  const languageId = useId();
  const schemeId = useId();
  return (
    <div className={styles.preferences}>
      <span className={styles.choice}>
        <GlobeIcon size={18} />
        <label htmlFor={languageId} className="sello-spoken">
          {t('language')}
        </label>
        <select
          id={languageId}
          value={language}
          onChange={({ target }) => {
            const wanted = LANGUAGES.find((each) => each === target.value);
            if (wanted) void chooseLanguage(wanted);
          }}
        >
          {LANGUAGES.map((each) => (
            <option key={each} value={each} lang={each}>
              {t(`language_${each}`)}
            </option>
          ))}
        </select>
      </span>
      <span className={styles.choice}>
        {scheme === 'dark' ? <MoonIcon size={18} /> : <SunIcon size={18} />}
        <label htmlFor={schemeId} className="sello-spoken">
          {t('appearance')}
        </label>
        <select
          id={schemeId}
          value={chosen}
          onChange={({ target }) => {
            const wanted = SCHEMES.find((each) => each === target.value);
            if (wanted) chooseColorScheme(wanted);
          }}
        >
          {SCHEMES.map((each) => (
            <option key={each} value={each}>
              {t(`appearance_${each}`)}
            </option>
          ))}
        </select>
      </span>
    </div>
  );
}
