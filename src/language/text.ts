import type { Language } from './language.ts';

/** A text for people in every language, side by side so that none is forgotten. */
export type Text = Readonly<Record<Language, string>>;

export function text(en: string, es: string): Text {
  return { en, es };
}
