import { useLocale } from '../i18n/texts.ts';

/** Returns a function that formats numbers in the user's locale. @param decimals maximum number of decimals */
export function useNumber(): (value: number, decimals?: number) => string {
  const locale = useLocale();
  return (value, decimals = 0) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: decimals }).format(value);
}
