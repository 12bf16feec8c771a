import { BASE32_ALPHABET, decodeBase32, encodeBase32 } from '../../domain/encoding/base32.ts';
import type { Random } from '../../ports/random.ts';
import type { UserId } from '../../ports/store.ts';
import { userIdOfSecret } from '../sessions/session.ts';

const SECRET_BYTES = 15;
/** Base32 of them. */
const SECRET_LETTERS = 24;
const GROUP = /.{1,4}(?=(?:.{4})*$)/g;
const LETTERS = /^[A-Z2-7]{25,35}$/;
/** What is read in place of a letter: base32 has none of these digits. */
const MISREAD: Readonly<Record<string, string>> = { '0': 'O', '1': 'I', '8': 'B' };

/**
 * Makes the one-time code of an invitation, to be typed by hand: the user's number, for the look-up, and 120 random bits (more
 * than the 112 below which NIST SP 800-63B asks for a salt and a slow hash), in base32 (RFC 4648 section 6) by groups of four,
 * such as `F-K7QM-2XWD-PFJT-MNPR-5CSA-UHEB`.
 */
export function makeEnrolmentCode(userId: UserId, random: Random): string {
  return grouped(numberIn(userId) + encodeBase32(random.bytes(SECRET_BYTES)));
}

/** The code as it was made, from what was typed: any case, spaces or hyphens anywhere, 0 for O, 1 for I, 8 for B. */
export function canonicalEnrolmentCode(typed: string): string {
  const letters = typed
    .replaceAll(/[\s-]/g, '')
    .toUpperCase()
    .replaceAll(/[018]/g, (digit) => MISREAD[digit] ?? digit);
  return LETTERS.test(letters) ? grouped(letters) : typed;
}

/** @param code canonical; one of a version before has the form of a session's secret @returns undefined where it is neither */
export function userIdOfEnrolmentCode(code: string): UserId | undefined {
  const letters = code.replaceAll('-', '');
  if (!LETTERS.test(letters)) return userIdOfSecret(code);
  if (!decodeBase32(letters.slice(-SECRET_LETTERS))) return undefined;
  let userId = 0;
  for (const letter of letters.slice(0, -SECRET_LETTERS))
    userId = userId * 32 + BASE32_ALPHABET.indexOf(letter);
  return Number.isSafeInteger(userId) && userId > 0 && numberIn(userId) === letters.slice(0, -SECRET_LETTERS)
    ? userId
    : undefined;
}

function numberIn(userId: UserId): string {
  let letters = '';
  for (let rest: number = userId; rest > 0; rest = Math.floor(rest / 32))
    letters = BASE32_ALPHABET[rest % 32] + letters;
  return letters;
}

function grouped(letters: string): string {
  return letters.match(GROUP)?.join('-') ?? letters;
}
