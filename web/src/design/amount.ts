export interface AmountParts {
  /** With the separators of the language: `1,250.00`. */
  readonly number: string;
  /** ISO 4217 code; a sign such as `$` is ambiguous. */
  readonly currency: string;
}

/**
 * Formats an amount for reading, exactly: Intl takes the decimal as text, not as a float (ECMA-402, section 16.5.16). Shows
 * the decimals that the amount has, which are the currency's in canonical form (src/domain/money/amount.ts).
 */
export function amountParts(amount: string, currency: string, language: string): AmountParts {
  const decimals = amount.includes('.') ? amount.length - amount.indexOf('.') - 1 : 0;
  const format = new Intl.NumberFormat(language, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    useGrouping: 'always',
    numberingSystem: 'latn',
  });
  return { number: format.format(amount as Intl.StringNumericLiteral), currency };
}

/** The one form of amounts on all pages: the number, then the currency's code, on one line. */
export function shownAmount(amount: string, currency: string, language: string): string {
  const { number } = amountParts(amount, currency, language);
  return `${number}\u00a0${currency}`;
}
