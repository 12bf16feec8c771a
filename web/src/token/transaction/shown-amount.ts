import { currencyDecimals } from '../../../../src/domain/money/currency.ts';

export interface ShownAmount {
  /** With the separators of the language: `1,250.00`. */
  readonly number: string;
  /** ISO 4217 code; a sign such as `$` is ambiguous. */
  readonly currency: string;
}

/**
 * Formats an amount for reading, exactly: the decimal is never converted to a float.
 * @param amount in canonical form (src/domain/money/amount.ts)
 */
export function shownAmount(amount: string, currency: string, language: string): ShownAmount {
  const decimals = currencyDecimals(currency) ?? 0;
  const format = new Intl.NumberFormat(language, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    useGrouping: 'always',
    numberingSystem: 'latn',
  });
  return { number: format.format(amount as Intl.StringNumericLiteral), currency };
}
