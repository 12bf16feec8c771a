/** What `compareAmounts` takes: an exact decimal with a point, without a sign. */
const DECIMAL = /^(\d+)(?:\.(\d+))?$/;

function parts(amount: string): readonly [whole: string, fraction: string] {
  const [, whole = '', fraction = ''] = DECIMAL.exec(amount) ?? [];
  return [whole.replace(/^0+/, ''), fraction.replace(/0+$/, '')];
}

/** Compares two exact decimals. @returns below 0, 0 or above 0 */
export function compareAmounts(a: string, b: string): number {
  const [wholeA, fractionA] = parts(a);
  const [wholeB, fractionB] = parts(b);
  if (wholeA.length !== wholeB.length) return wholeA.length - wholeB.length;
  if (wholeA !== wholeB) return wholeA < wholeB ? -1 : 1;
  if (fractionA === fractionB) return 0;
  return fractionA < fractionB ? -1 : 1;
}

/** How many digits an amount has before the point, without leading zeros: its magnitude. */
export function magnitude(amount: string): number {
  return parts(amount)[0].length;
}
