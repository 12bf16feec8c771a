import type { RandomPool } from '../challenges/random-pool.ts';

const TIME_BYTES = 6;
const RANDOM_BYTES = 10;
/** The position of each byte's two digits in the text. */
const POSITIONS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
const DIGITS = Buffer.from('0123456789abcdef');

/** Reused, with its dashes in place: an id is made for each decision, and joining strings costs more. */
const text = Buffer.alloc(36, '-');

/**
 * Makes a UUID of version 7 (RFC 9562 section 5.7). It carries the decision's time, so ids can be searched by time.
 *
 * Why: docs/DECISIONS.md#a-transaction-id-contains-its-time
 */
export function makeTransactionId(at: number, random: RandomPool): string {
  for (let i = 0; i < TIME_BYTES; i++) put(i, Math.floor(at / 2 ** (8 * (TIME_BYTES - 1 - i))));
  const bytes = random.take(RANDOM_BYTES);
  for (let i = 0; i < RANDOM_BYTES; i++) put(TIME_BYTES + i, bytes[i] ?? 0);
  put(6, 0x70 | ((bytes[0] ?? 0) & 0x0f));
  put(8, 0x80 | ((bytes[2] ?? 0) & 0x3f));
  return text.toString('latin1');
}

/** Writes one byte. @param byte only its low eight bits count */
function put(index: number, byte: number): void {
  const position = POSITIONS[index] ?? 0;
  text[position] = DIGITS[(byte >> 4) & 15] ?? 0;
  text[position + 1] = DIGITS[byte & 15] ?? 0;
}
