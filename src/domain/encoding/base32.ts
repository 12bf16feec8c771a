/** RFC 4648 section 6, table 3. */
export const BASE32_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const VALUES: ReadonlyMap<string, number> = new Map(
  [...BASE32_ALPHABET].flatMap((letter, value): [string, number][] => [
    [letter, value],
    [letter.toLowerCase(), value],
  ]),
);

/** Encodes base32 (RFC 4648 section 6). Unpadded by default, as the otpauth Key URI format requires. */
export function encodeBase32(bytes: Uint8Array, { padded = false } = {}): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32_ALPHABET.charAt((held >>> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  if (bits > 0) text += BASE32_ALPHABET.charAt((held << (5 - bits)) & 31);
  return padded ? text.padEnd(Math.ceil(text.length / 8) * 8, '=') : text;
}

/**
 * Decodes base32 as a person types it: any case, spaces or hyphens between groups, padded or not.
 * @param trailingBits `ignored`: takes what other issuers make by chance, such as 26 random letters, as authenticators do.
 * By default trailing bits must be zero (RFC 4648 section 3.5), so that each secret has exactly one spelling, apart from
 * case, separators and padding
 * @returns `undefined` for any other character or an impossible length
 */
export function decodeBase32(
  text: string,
  trailingBits: 'zero' | 'ignored' = 'zero',
): Uint8Array | undefined {
  const letters = text.replaceAll(/[ -]/g, '').replace(/={1,6}$/, '');
  const bytes = new Uint8Array(Math.floor((letters.length * 5) / 8));
  let length = 0;
  let bits = 0;
  let held = 0;
  for (const letter of letters) {
    const value = VALUES.get(letter);
    if (value === undefined) return undefined;
    held = (held << 5) | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = held >>> bits;
    held &= (1 << bits) - 1;
  }
  return bits < 5 && (held === 0 || trailingBits === 'ignored') ? bytes : undefined;
}
