const MINUTE_S = 60;

/** Labels of times (s) on an axis: with seconds where two labels would otherwise be the same. */
export function timeLabels(times: readonly number[], stepS: number, locale: string): string[] {
  const clock = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    ...(stepS < MINUTE_S ? { second: '2-digit' } : {}),
  });
  return times.map((time) => clock.format(time * 1_000));
}

/** Labels of numbers on an axis, with as many decimals as tell two of them apart. */
export function numberLabels(values: readonly number[], step: number, locale: string): string[] {
  const digits = step > 0 && step < 1 ? Math.min(20, Math.ceil(-Math.log10(step) - 1e-9)) : 0;
  // A step such as 0.25 needs one more than its size tells.
  const isWhole = (scaled: number) => Math.abs(scaled - Math.round(scaled)) < 1e-6;
  const decimals = step > 0 && !isWhole(step * 10 ** digits) ? digits + 1 : digits;
  const format = new Intl.NumberFormat(locale, { maximumFractionDigits: decimals });
  return values.map((value) => format.format(value));
}
