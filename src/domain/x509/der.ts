/*
 * Writes DER (X.690): what certificates and CMS messages are made of. Reads nothing.
 */

export type Der = Uint8Array;

/** A value of any tag. */
export function tagged(tag: number, ...content: readonly Uint8Array[]): Der {
  const body = concat(content);
  return concat([Uint8Array.of(tag), lengthOf(body.length), body]);
}

export const sequence = (...members: readonly Der[]): Der => tagged(0x30, ...members);

/** A SET OF, whose members are in the order of their bytes (X.690 section 11.6). */
export const setOf = (...members: readonly Der[]): Der =>
  tagged(0x31, ...[...members].sort((a, b) => Buffer.compare(a, b)));

export const octets = (bytes: Uint8Array): Der => tagged(0x04, bytes);
export const bits = (bytes: Uint8Array, unused = 0): Der => tagged(0x03, Uint8Array.of(unused), bytes);
export const utf8 = (text: string): Der => tagged(0x0c, Buffer.from(text));
export const boolean = (value: boolean): Der => tagged(0x01, Uint8Array.of(value ? 0xff : 0));
/** `[number]`, constructed: EXPLICIT, or IMPLICIT of something constructed. */
export const context = (number: number, ...content: readonly Uint8Array[]): Der =>
  tagged(0xa0 | number, ...content);

/** An INTEGER that is not negative. @param bytes big-endian */
export function integer(bytes: Uint8Array | number): Der {
  if (typeof bytes === 'number') return tagged(0x02, Uint8Array.of(bytes));
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const body = bytes.subarray(start);
  return tagged(0x02, ...((body[0] ?? 0) >= 0x80 ? [Uint8Array.of(0), body] : [body]));
}

/** An OBJECT IDENTIFIER in dotted decimal. */
export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((part) => {
    const digits = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return tagged(0x06, Uint8Array.from(bytes));
}

/** UTCTime until 2049, GeneralizedTime after it (RFC 5280 section 4.1.2.5); whole seconds. @param at ms since 1970 */
export function time(at: number): Der {
  const digits = new Date(at).toISOString().replace(/[-T:]|\.\d+/g, '');
  return Number(digits.slice(0, 4)) < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits));
}

/** A raw ES256 signature (RFC 7518 section 3.4) as ECDSA-Sig-Value (RFC 5480 appendix A). */
export function ecdsaSignature(raw: Uint8Array): Der {
  return sequence(integer(raw.subarray(0, 32)), integer(raw.subarray(32, 64)));
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return Uint8Array.of(0x80 | bytes.length, ...bytes);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
