import { LIMITS } from '../../limits.ts';
import { type Refusal, refuse } from '../errors.ts';
import { currencyDecimals } from './currency.ts';

const POINT = 46;
const ZERO = 48;

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 57;
}

/**
 * Parses an amount as a person or a client writes it: `100`, `100.0` and `100.00` are all `100.00` in EUR.
 * Refuses zero, a sign, an exponent, blanks, group separators, leading zeros, `.5`, `5.`, digits outside ASCII, and
 * more decimals than the currency has, zeros included: where the point groups digits, `1.000` is a thousand.
 * @returns the amount with exactly the currency's decimals, or `currency_unknown` or `amount_invalid`
 */
export function parseAmount(text: string, currency: string): string | Refusal {
  const decimals = currencyDecimals(currency);
  if (decimals === undefined) return refuse('currency_unknown');

  const point = text.indexOf('.');
  const whole = point < 0 ? text.length : point;
  if (whole === 0 || whole > LIMITS.amountDigitsMax) return refuse('amount_invalid');
  if (point === text.length - 1) return refuse('amount_invalid');
  if (whole > 1 && text.charCodeAt(0) === ZERO) return refuse('amount_invalid');
  const given = Math.max(text.length - whole - 1, 0);

  let positive = false;
  for (let i = 0; i < text.length; i++) {
    if (i === point) continue;
    const code = text.charCodeAt(i);
    if (!isDigit(code)) return refuse('amount_invalid');
    if (code !== ZERO) positive = true;
  }
  if (given > decimals) return refuse('amount_invalid', { detail: 'decimals' });
  if (!positive) return refuse('amount_invalid', { detail: 'zero' });

  if (given === decimals) return text;
  return `${text.slice(0, whole)}.${text.slice(whole + 1)}${'0'.repeat(decimals - given)}`;
}

/**
 * Compares two unsigned decimals (`digits` or `digits.digits`, leading and trailing zeros allowed) exactly.
 * Does NOT check their form or that they are of one currency.
 * @returns negative, 0 or positive, as a sort function does
 */
export function compareAmounts(a: string, b: string): number {
  let aPoint = a.indexOf('.');
  let bPoint = b.indexOf('.');
  if (a.length === b.length && aPoint === bPoint) return a < b ? -1 : a > b ? 1 : 0;

  if (aPoint < 0) aPoint = a.length;
  if (bPoint < 0) bPoint = b.length;
  const wholeMax = Math.max(aPoint, bPoint);
  const decimalsMax = Math.max(a.length - aPoint, b.length - bPoint) - 1;
  for (let place = -wholeMax; place <= decimalsMax; place++) {
    // Positions count from the decimal point: -1 is the units, 0 the point itself, 1 the tenths.
    const difference = digitAt(a, aPoint + place) - digitAt(b, bPoint + place);
    if (difference !== 0) return difference;
  }
  return 0;
}

function digitAt(text: string, index: number): number {
  if (index < 0 || index >= text.length) return 0;
  const code = text.charCodeAt(index);
  return code === POINT ? 0 : code - ZERO;
}

/**
 * Adds two unsigned decimals exactly. Does NOT check their form or that they are of one currency.
 * @returns the sum, with as many decimals as the more precise operand, without leading zeros
 */
export function addAmounts(a: string, b: string): string {
  const aPoint = a.indexOf('.');
  const bPoint = b.indexOf('.');
  const aDecimals = aPoint < 0 ? 0 : a.length - aPoint - 1;
  const bDecimals = bPoint < 0 ? 0 : b.length - bPoint - 1;
  const decimals = Math.max(aDecimals, bDecimals);
  // Every decision adds amounts: those of one form and few digits are added as numbers, exactly and faster.
  const small = aDecimals === bDecimals && a.length <= NUMBER_LENGTH_MAX && b.length <= NUMBER_LENGTH_MAX;
  const sum = small ? units(a) + units(b) : scaled(a, decimals - aDecimals) + scaled(b, decimals - bDecimals);
  const digits = sum.toString().padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** The sum of two integers of so many digits is a safe integer. */
const NUMBER_LENGTH_MAX = 15;

/** The amount in units of its last decimal. */
function units(amount: string): number {
  let sum = 0;
  for (let index = 0; index < amount.length; index++) {
    const code = amount.charCodeAt(index);
    if (code !== POINT) sum = sum * 10 + code - ZERO;
  }
  return sum;
}

function scaled(amount: string, zeros: number): bigint {
  return BigInt(amount.replace('.', '') + '0'.repeat(zeros));
}
