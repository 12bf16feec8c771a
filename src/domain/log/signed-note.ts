import { decodeBase64, encodeBase64 } from '../encoding/base64.ts';

/** A signed note (https://c2sp.org/signed-note), taken apart. Nothing is verified. */
export interface SignedNote {
  /** With its last newline: the bytes that are signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** The first four bytes of the signature: which key of that name made it. */
  readonly keyId: number;
  /** The bytes after them. */
  readonly signature: Uint8Array;
}

/** The specification asks for at least 16. */
export const NOTE_SIGNATURES_MAX = 64;
const NOTE_LENGTH_MAX = 131_072;
const KEY_ID_BYTES = 4;

/** Formats one signature line, with its newline. */
export function signatureLine({ name, keyId, signature }: NoteSignature): string {
  const bytes = new Uint8Array(KEY_ID_BYTES + signature.length);
  new DataView(bytes.buffer).setUint32(0, keyId);
  bytes.set(signature, KEY_ID_BYTES);
  return `— ${name} ${encodeBase64(bytes)}\n`;
}

export function formatNote({ text, signatures }: SignedNote): string {
  return `${text}\n${signatures.map(signatureLine).join('')}`;
}

/** Parses one signature line without its newline. */
export function parseSignatureLine(line: string): NoteSignature | undefined {
  const [, name, encoded] = /^— (\S+) (\S+)$/u.exec(line) ?? [];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  if (!isKeyName(name) || !bytes || bytes.length <= KEY_ID_BYTES) return undefined;
  const keyId = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return { name, keyId, signature: bytes.slice(KEY_ID_BYTES) };
}

/** Parses a note. @returns undefined for what is none */
export function parseNote(note: string): SignedNote | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a note has none but newlines
  if (note.length > NOTE_LENGTH_MAX || /[\0-\x09\x0b-\x1f]/.test(note) || !note.isWellFormed())
    return undefined;
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return undefined;
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > NOTE_SIGNATURES_MAX) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (!signature) return undefined;
    signatures.push(signature);
  }
  return { text: note.slice(0, split + 1), signatures };
}

/** Whether a key may have this name: not empty, no white space, no plus. */
export function isKeyName(name: string | undefined): name is string {
  return name !== undefined && /^[^\s+\p{Cc}]+$/u.test(name);
}
