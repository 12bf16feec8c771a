import { isUtf8 } from 'node:buffer';

/**
 * Reads the text of a password or passphrase that came as bytes, without one line end at its end. Bytes that are not
 * UTF-8, and a byte order mark, would silently make another secret than the one that was meant. Does NOT normalise.
 * @returns the text, or the problem in words that follow "The file …"
 */
export function secretText(bytes: Uint8Array): { readonly text: string } | { readonly problem: string } {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    return { problem: 'begins with a byte order mark: save it as UTF-8 without one' };
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    return { problem: 'is UTF-16: save it as UTF-8' };
  if (!isUtf8(bytes)) return { problem: 'is not UTF-8: write the secret as UTF-8 text, or as base64 or hex' };
  return {
    text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      .toString('utf8')
      .replace(/\r?\n$/, ''),
  };
}
