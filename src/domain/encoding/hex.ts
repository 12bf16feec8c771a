/*
 * Lower-case hex, digit by digit. Nonces and MACs are read and written for each transaction, where regular expressions,
 * parseInt and slices cost more than the digits.
 */

const DIGITS = '0123456789abcdef';
/** Has a bit that no digit's value has, so values can be joined by OR and checked once. */
const NO_DIGIT = 16;
const VALUES = new Uint8Array(128).fill(NO_DIGIT);
for (let value = 0; value < 16; value++) VALUES[DIGITS.charCodeAt(value)] = value;

const CODES = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0));

function digitAt(text: string, index: number): number {
  return VALUES[text.charCodeAt(index)] ?? NO_DIGIT;
}

/** Whether a text consists of `length` lower-case hex digits. */
export function isHex(text: string, length: number): boolean {
  if (text.length !== length) return false;
  let all = 0;
  for (let i = 0; i < length; i++) all |= digitAt(text, i);
  return all < NO_DIGIT;
}

/** Reads the digits from `from` to `to`, 13 at most, as a number. @returns NaN where one of them is no digit */
export function hexNumber(text: string, from: number, to: number): number {
  let number = 0;
  let all = 0;
  for (let i = from; i < to; i++) {
    const digit = digitAt(text, i);
    all |= digit;
    number = number * 16 + digit;
  }
  return all < NO_DIGIT ? number : Number.NaN;
}

/** Reads the byte whose two digits begin at `index`. Does NOT check that they are digits. */
export function hexByte(text: string, index: number): number {
  return ((digitAt(text, index) << 4) | digitAt(text, index + 1)) & 0xff;
}

/** Writes a byte as two digits in ASCII. @param byte only its low eight bits count */
export function writeHexByte(target: Uint8Array, index: number, byte: number): void {
  target[index] = CODES[(byte >> 4) & 15] ?? 0;
  target[index + 1] = CODES[byte & 15] ?? 0;
}

/**
 * Whether a text is the lower-case hex of these bytes, in a time that depends on nothing but their number and the text's
 * length. For MACs and other values derived from secrets.
 */
export function isHexOfConstantTime(text: string, bytes: Uint8Array): boolean {
  if (text.length !== bytes.length * 2) return false;
  let difference = 0;
  for (let i = 0; i < bytes.length; i++) {
    const high = digitAt(text, i * 2);
    const low = digitAt(text, i * 2 + 1);
    difference |= (((high << 4) | low) ^ (bytes[i] ?? 0)) | ((high | low) & NO_DIGIT);
  }
  return difference === 0;
}
