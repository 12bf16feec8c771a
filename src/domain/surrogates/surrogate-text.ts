import { VERSION_MAX } from './data-key.ts';

/** What follows the header of a surrogate: a packed identifier sealed by AES-SIV, or one of the other modes. */
export const FORM = { uuid: 0, uuidUpperCase: 1, id: 2, ascii: 3, utf8: 4, hmac: 6, vault: 7 } as const;

/** A surrogate taken apart. Nothing in it is authenticated yet. */
export interface SurrogateParts {
  readonly form: number;
  readonly version: number;
  readonly body: Uint8Array;
}

export const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.';
export const HEADER_CHARACTERS = 2;
const VERSION_BITS = 9;
const PATTERN = /^[A-Za-z0-9.-]{3,}$/;

/** The two characters before the body. docs/DECISIONS.md#a-surrogate-has-a-header-of-twelve-bits */
export function surrogateHeader(form: number, version: number): string {
  const bits = (form << VERSION_BITS) | version;
  return ALPHABET.charAt(bits >>> 6) + ALPHABET.charAt(bits & 63);
}

/**
 * Writes a surrogate in `[A-Za-z0-9.-]`, the characters of a FHIR id: base64 (RFC 4648 section 4) unpadded, with `-`
 * for `+` and `.` for `/`. As forms are below 7 but for look-ups, it begins with a letter.
 */
export function surrogateText(header: string, body: Uint8Array): string {
  const base64url = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64url');
  return header + base64url.replaceAll('_', '.');
}

/** Takes a surrogate apart. @returns `undefined` for other characters, a length, trailing bits or a version that none has */
export function parseSurrogate(text: string): SurrogateParts | undefined {
  if (!PATTERN.test(text)) return undefined;
  const bits = (ALPHABET.indexOf(text.charAt(0)) << 6) | ALPHABET.indexOf(text.charAt(1));
  const form = bits >>> VERSION_BITS;
  const version = bits & VERSION_MAX;
  const letters = text.slice(HEADER_CHARACTERS).replaceAll('.', '_');
  const body = Buffer.from(letters, 'base64url');
  if (version === 0 || body.toString('base64url') !== letters) return undefined;
  return { form, version, body };
}
