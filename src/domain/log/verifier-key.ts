import { decodeBase64, encodeBase64 } from '../encoding/base64.ts';
import { isKeyName } from './signed-note.ts';

/** What a key signs: a note's text, or a checkpoint as a witness (https://c2sp.org/tlog-cosignature). */
export const NOTE_KEY_TYPE = { ed25519: 1, cosignature: 4 } as const;
export type NoteKeyType = (typeof NOTE_KEY_TYPE)[keyof typeof NOTE_KEY_TYPE];

/** A verifier key, as its text `NAME+hex(key id)+base64(type ‖ public key)` holds it. */
export interface VerifierKey {
  readonly name: string;
  readonly keyId: number;
  readonly type: NoteKeyType;
  /** An Ed25519 public key, 32 bytes (RFC 8032). */
  readonly publicKey: Uint8Array;
}

const PUBLIC_KEY_BYTES = 32;
type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Makes a verifier key; its id is the first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key). */
export function verifierKey(
  sha256: Sha256,
  { name, type, publicKey }: Omit<VerifierKey, 'keyId'>,
): VerifierKey {
  if (!isKeyName(name) || publicKey.length !== PUBLIC_KEY_BYTES)
    throw new RangeError('a verifier key needs a name without spaces and plus, and a public key of 32 bytes');
  const digest = sha256(new Uint8Array([...new TextEncoder().encode(`${name}\n`), type, ...publicKey]));
  return { name, type, publicKey, keyId: new DataView(digest.buffer, digest.byteOffset).getUint32(0) };
}

export function formatVerifierKey({ name, keyId, type, publicKey }: VerifierKey): string {
  return `${name}+${keyId.toString(16).padStart(8, '0')}+${encodeBase64(new Uint8Array([type, ...publicKey]))}`;
}

/** Parses a verifier key. @returns undefined for another form or type, or an id that is not this key's */
export function parseVerifierKey(sha256: Sha256, text: string): VerifierKey | undefined {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  if (!isKeyName(name) || bytes?.length !== 1 + PUBLIC_KEY_BYTES) return undefined;
  const type = Object.values(NOTE_KEY_TYPE).find((known) => known === bytes[0]);
  if (type === undefined) return undefined;
  const key = verifierKey(sha256, { name, type, publicKey: bytes.slice(1) });
  return Number.parseInt(id as string, 16) === key.keyId ? key : undefined;
}
