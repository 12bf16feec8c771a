import { FF1 } from '@noble/ciphers/ff1.js';
import { type DataKey, domainKey } from './data-key.ts';
import type { Made, Surrogates } from './surrogates.ts';

export const FF1_ALGORITHM = 'ff1-aes-256';
const DIGITS = '0123456789';
/** SP 800-38G Rev. 1: fewer values can be enumerated. */
const VALUES_MIN = 1_000_000;
/** Of identifiers: the cost of FF1 grows with the square. */
const CHARACTERS_MAX = 256;

/**
 * Whether FF1 can use an alphabet: 2 to 95 different printable characters of ASCII. Case counts.
 */
export function isFf1Alphabet(alphabet: string): boolean {
  return /^[ -~]{2,95}$/.test(alphabet) && new Set(alphabet).size === alphabet.length;
}

/**
 * Surrogates of the identifier's own length and alphabet by FF1 (SP 800-38G Rev. 1, AES-256, no tweak), digits by
 * default. They carry no version and are not authenticated: each text of the form reverses to something. An identifier
 * with another character is invalid, as is one so short that its length has fewer than a million values.
 */
export function ff1Surrogates(dataKey: DataKey, domain: string, alphabet = DIGITS): Surrogates {
  if (!isFf1Alphabet(alphabet)) throw new Error('invalid alphabet for FF1');
  const cipher = FF1(alphabet.length, domainKey(dataKey, domain, FF1_ALGORITHM, 32));
  const charactersMin = Math.ceil(Math.log(VALUES_MIN) / Math.log(alphabet.length) - 1e-9);

  const convert = (texts: readonly string[], direction: 'encrypt' | 'decrypt'): Made => {
    const numerals = texts.map((text) => Array.from(text, (character) => alphabet.indexOf(character)));
    const invalid = numerals.findIndex(
      (digits) =>
        digits.length < charactersMin || digits.length > CHARACTERS_MAX || digits.some((digit) => digit < 0),
    );
    if (invalid >= 0) return { invalid };
    return {
      texts: numerals.map((digits) =>
        cipher[direction](digits)
          .map((digit) => alphabet.charAt(digit))
          .join(''),
      ),
    };
  };

  return {
    make: (identifiers) => convert(identifiers, 'encrypt'),
    reverse: (surrogates) => convert(surrogates, 'decrypt'),
  };
}
