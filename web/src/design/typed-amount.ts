/** Blanks that languages put between groups of three digits: space, no-break space, thin and narrow ones; the Swiss apostrophe. */
const GROUP_BLANKS = /(?<=\d)[ \u00a0\u2009\u202f'’](?=\d{3}(?!\d))/g;
const GROUPED = /^[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*$/;

/**
 * Converts an amount as people write it to a plain decimal: `1.250,50`, `1,250.50`, `1 250,50` and `1250.5` are read,
 * whatever the language of the page. A single separator before three digits (`12.500`) is 12.5 to some readers and
 * twelve thousand to others, so it is never guessed: `ambiguous`. The exception is a currency with three decimals,
 * where the language's own decimal separator decides.
 * Does NOT check the amount: text in another form is returned as it is, for `parseAmount` to refuse.
 * @param decimals - of the currency
 * @param locale - BCP 47
 */
export function typedAmount(text: string, decimals: number, locale: string): string | 'ambiguous' {
  const joined = text.trim().replace(GROUP_BLANKS, '');
  const last = Math.max(joined.lastIndexOf('.'), joined.lastIndexOf(','));
  if (last < 0) return joined;
  const separator = joined.charAt(last);
  const other = separator === '.' ? ',' : '.';
  const whole = joined.slice(0, last);
  const fraction = joined.slice(last + 1);

  if (whole.includes(other))
    return GROUPED.test(whole) && !whole.includes(separator) ? `${strip(whole)}.${fraction}` : joined;
  if (whole.includes(separator)) return GROUPED.test(joined) ? strip(joined) : joined;
  const perhapsGroup = GROUPED.test(joined);
  if (perhapsGroup && !(decimals === 3 && separator === decimalSeparator(locale))) return 'ambiguous';
  return `${whole}.${fraction}`;
}

function strip(grouped: string): string {
  return grouped.replace(/[.,]/g, '');
}

/** Returns the decimal separator of a language. @param locale - BCP 47 */
export function decimalSeparator(locale: string): string {
  const parts = new Intl.NumberFormat(locale).formatToParts(1.5);
  return parts.find(({ type }) => type === 'decimal')?.value ?? '.';
}
