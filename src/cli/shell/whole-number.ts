import { text } from '../../language/text.ts';
import { usageFailure } from './failure.ts';

/** The value of a flag that takes a whole number from `min` to `max`. @throws CommandFailure */
export function wholeNumber(value: string, flag: string, min: number, max: number): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw usageFailure(
    text(
      `${flag} expected a whole number from ${min} to ${max}, not "${value}"`,
      `${flag} espera un entero de ${min} a ${max}, no "${value}"`,
    ),
  );
}
