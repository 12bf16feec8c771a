import { useLocale } from '../i18n/texts.ts';

/** Numbers as the language writes them. @param decimals at most so many */
export function useNumber(): (value: number, decimals?: number) => string {
  const locale = useLocale();
  return (value, decimals = 0) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: decimals }).format(value);
}
