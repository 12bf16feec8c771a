/** Printable ASCII, from the space to the tilde. Six of these characters fit in 40 bits. */
const BASE = 95;
const FIRST = 0x20;
const GROUP_CHARACTERS = 6;
const GROUP_BYTES = 5;
const GROUP_VALUES = BASE ** GROUP_CHARACTERS;

/**
 * Packs printable ASCII: each six characters as a number of base 95 in five bytes; of the rest, up to four characters as
 * they are, and five as a number beyond those of six. Does NOT check the characters.
 */
export function packAscii(text: string): Uint8Array {
  const bytes = Buffer.alloc(packedAsciiBytes(text.length));
  let at = 0;
  let start = 0;
  for (; text.length - start >= GROUP_BYTES; at += GROUP_BYTES, start += GROUP_CHARACTERS) {
    const group = text.slice(start, start + GROUP_CHARACTERS);
    const offset = group.length === GROUP_CHARACTERS ? 0 : GROUP_VALUES;
    bytes.writeUIntBE(offset + numberOf(group), at, GROUP_BYTES);
  }
  bytes.write(text.slice(start), at, 'latin1');
  return bytes;
}

/** How many bytes that many characters take. */
export function packedAsciiBytes(characters: number): number {
  const rest = characters % GROUP_CHARACTERS;
  return Math.floor(characters / GROUP_CHARACTERS) * GROUP_BYTES + rest;
}

/** Undoes `packAscii`. Does NOT check that it makes these bytes. */
export function unpackAscii(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  let at = 0;
  for (; buffer.length - at >= GROUP_BYTES; at += GROUP_BYTES) {
    const value = buffer.readUIntBE(at, GROUP_BYTES);
    text +=
      value < GROUP_VALUES
        ? textOf(value, GROUP_CHARACTERS)
        : textOf(value - GROUP_VALUES, GROUP_CHARACTERS - 1);
  }
  return text + buffer.toString('latin1', at);
}

function numberOf(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = value * BASE + (text.charCodeAt(i) - FIRST);
  return value;
}

function textOf(value: number, characters: number): string {
  let text = '';
  let rest = value;
  for (let i = 0; i < characters; i++) {
    text = String.fromCharCode(FIRST + (rest % BASE)) + text;
    rest = Math.floor(rest / BASE);
  }
  return text;
}
