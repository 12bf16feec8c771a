import { currencyDecimals } from '../../../../src/domain/money/currency.ts';

export interface ShownAmount {
  /** With the language's separators: `1,250.00`. */
  readonly number: string;
  /** ISO 4217: a sign such as `$` stands for many. */
  readonly currency: string;
}

/**
 * An amount for reading, exactly: a decimal string is never made a number on the way.
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
