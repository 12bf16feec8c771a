export type PinWeakness =
  | 'too_short'
  | 'too_long'
  | 'not_digits'
  | 'few_digits'
  | 'sequence'
  | 'repeated'
  | 'common'
  | 'date';

export const PIN_LENGTH_MIN = 6;
export const PIN_LENGTH_MAX = 12;

/** Leaked PINs from published lists that pass the rules below. */
const COMMON = new Set([
  '159753',
  '147258',
  '147852',
  '258369',
  '369258',
  '789456',
  '741852',
  '852456',
  '951753',
  '123654',
  '321654',
  '456123',
  '112358',
  '314159',
  '271828',
  '142857',
  '696969',
  '420420',
]);

/** Returns why a PIN is refused: a thief would try it among the first ten. Undefined for an acceptable PIN. */
export function pinWeakness(pin: string): PinWeakness | undefined {
  if (!/^[0-9]*$/.test(pin)) return 'not_digits';
  if (pin.length < PIN_LENGTH_MIN) return 'too_short';
  if (pin.length > PIN_LENGTH_MAX) return 'too_long';
  if (isRepeated(pin)) return 'repeated';
  if (isSequence(pin)) return 'sequence';
  if (COMMON.has(pin)) return 'common';
  if (isDate(pin)) return 'date';
  if (new Set(pin).size < 3) return 'few_digits';
  return undefined;
}

/** `111111`, `121212`, `123123`. */
function isRepeated(pin: string): boolean {
  return [1, 2, 3, 4].some(
    (length) => pin.length > length && pin.slice(0, length).repeat(pin.length).startsWith(pin),
  );
}

/** The same step between all digits, modulo 10: `123456`, `864208`; or a palindrome such as `123321`. */
function isSequence(pin: string): boolean {
  const steps = new Set<number>();
  for (let i = 1; i < pin.length; i++) steps.add((Number(pin[i]) - Number(pin[i - 1]) + 10) % 10);
  if (steps.size === 1) return true;
  return pin === [...pin].reverse().join('') && new Set(steps).size <= 3;
}

/** Six digits as day, month and year in a usual order, or eight with the century. */
function isDate(pin: string): boolean {
  const day = '(0[1-9]|[12][0-9]|3[01])';
  const month = '(0[1-9]|1[0-2])';
  const year = pin.length === 8 ? '(19|20)[0-9]{2}' : '[0-9]{2}';
  if (pin.length !== 6 && pin.length !== 8) return false;
  return new RegExp(`^(${day}${month}${year}|${month}${day}${year}|${year}${month}${day})$`).test(pin);
}
