import { packAscii, unpackAscii } from './packed-ascii.ts';
import { packId, unpackId } from './packed-id.ts';
import { FORM } from './surrogate-text.ts';

/** An identifier in about as few bytes as its characters allow. Each identifier has exactly one packed form. */
export interface PackedIdentifier {
  readonly form: number;
  readonly bytes: Uint8Array;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_UPPER_CASE = /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/;
const UUID_BYTES = 16;
const ID = /^[A-Za-z0-9.-]*$/;
const ASCII = /^[ -~]*$/;

/**
 * Packs an identifier: a UUID to 16 bytes, characters of FHIR ids to 6 bits each, printable ASCII six to five bytes,
 * anything else as UTF-8. So 36 characters of ASCII are at most 30 bytes, and their surrogate at most 64 characters.
 * @returns `undefined` for the empty text and text that is not well-formed Unicode
 */
export function packIdentifier(text: string): PackedIdentifier | undefined {
  if (text === '') return undefined;
  if (UUID.test(text)) return { form: FORM.uuid, bytes: uuidBytes(text) };
  if (UUID_UPPER_CASE.test(text)) return { form: FORM.uuidUpperCase, bytes: uuidBytes(text) };
  if (ID.test(text)) return { form: FORM.id, bytes: packId(text) };
  if (ASCII.test(text)) return { form: FORM.ascii, bytes: packAscii(text) };
  return text.isWellFormed() ? { form: FORM.utf8, bytes: Buffer.from(text, 'utf8') } : undefined;
}

/** Undoes `packIdentifier`. @returns `undefined` for bytes that it does not make */
export function unpackIdentifier({ form, bytes }: PackedIdentifier): string | undefined {
  const text = unpack(form, bytes);
  const packed = text === undefined ? undefined : packIdentifier(text);
  return packed?.form === form && Buffer.compare(packed.bytes, bytes) === 0 ? text : undefined;
}

function unpack(form: number, bytes: Uint8Array): string | undefined {
  if (form === FORM.uuid || form === FORM.uuidUpperCase) {
    if (bytes.length !== UUID_BYTES) return undefined;
    const hex = Buffer.from(bytes).toString('hex');
    const text = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    return form === FORM.uuid ? text : text.toUpperCase();
  }
  if (form === FORM.id) return unpackId(bytes);
  if (form === FORM.ascii) return unpackAscii(bytes);
  return form === FORM.utf8 ? Buffer.from(bytes).toString('utf8') : undefined;
}

function uuidBytes(text: string): Uint8Array {
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}
