import { ALPHABET } from './surrogate-text.ts';

/**
 * Packs characters of FHIR ids, six bits each, most significant first. A one bit and zeros fill the last byte
 * (ISO/IEC 7816-4), so that no two texts share their bytes. Does NOT check the characters.
 */
export function packId(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length * 6 + 8) >>> 3);
  let at = 0;
  let held = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    held = (held << 6) | ALPHABET.indexOf(text.charAt(i));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >>> bits;
    held &= (1 << bits) - 1;
  }
  bytes[at] = ((held << 1) | 1) << (7 - bits);
  return bytes;
}

/** Undoes `packId`. Does NOT check that it makes these bytes. */
export function unpackId(bytes: Uint8Array): string {
  const last = bytes.at(-1) ?? 0;
  const filled = last === 0 ? 8 : 32 - Math.clz32(last & -last);
  const characters = Math.floor((bytes.length * 8 - filled) / 6);
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 6 && text.length < characters) {
      bits -= 6;
      text += ALPHABET.charAt(held >>> bits);
      held &= (1 << bits) - 1;
    }
  }
  return text;
}
