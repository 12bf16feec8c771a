import { LIMITS } from '../../limits.ts';
import { readPublicKey, THUMBPRINT } from '../identity/public-key.ts';
import { CONTENT_ENCRYPTION, KEY_ALGORITHM, MESSAGE_ID, SEALED_TYPE } from './message-form.ts';

/** What a relay may know of a message. */
export interface MessageEnvelope {
  /** Unique among the sender's messages. */
  readonly jti: string;
  /** The recipients: thumbprints of their sealing keys, each once. */
  readonly recipients: readonly string[];
}

/** What does not fit. `too_many`: there are more recipients than a message may have. */
export type EnvelopeFault = { readonly fault: string; readonly tooMany?: true };

const MEMBERS = ['protected', 'recipients', 'iv', 'ciphertext', 'tag'] as const;
const HEADER_LENGTH_MAX = 512;
/** Lengths in base64url: 12, 16 and 40 bytes (A256KW adds 8 to the 32 of the key, RFC 3394). */
const IV = /^[A-Za-z0-9_-]{16}$/;
const TAG = /^[A-Za-z0-9_-]{21}[AQgw]$/;
const ENCRYPTED_KEY = /^[A-Za-z0-9_-]{53}[AEIMQUYcgkosw048]$/;

/**
 * Reads the envelope of a sealed message: members, headers and lengths, exactly as they are described, with no others.
 * Does NOT look at the text of the ciphertext, which the caller checks, and cannot check what is inside it.
 * @param value parsed JSON, without duplicate names
 */
export function readEnvelope(value: unknown): MessageEnvelope | EnvelopeFault {
  if (!isObject(value)) return { fault: 'a JWE in General JSON' };
  const wrong = membersFault(value, MEMBERS);
  if (wrong) return { fault: wrong };
  const { protected: encoded, recipients, iv, tag, ciphertext } = value;
  if (typeof ciphertext !== 'string') return { fault: 'ciphertext: base64url' };
  if (typeof iv !== 'string' || !IV.test(iv)) return { fault: 'iv: 12 bytes' };
  if (typeof tag !== 'string' || !TAG.test(tag)) return { fault: 'tag: 16 bytes' };
  const header = readProtectedHeader(encoded);
  if ('fault' in header) return header;
  if (!Array.isArray(recipients) || recipients.length === 0) return { fault: 'recipients: at least one' };
  const { messageRecipientsMax } = LIMITS;
  if (recipients.length > messageRecipientsMax) {
    return { fault: `${recipients.length}, at most ${messageRecipientsMax}`, tooMany: true };
  }
  const kids = new Set<string>();
  for (const recipient of recipients) {
    const read = readRecipient(recipient);
    if (typeof read !== 'string') return read;
    if (kids.has(read)) return { fault: 'recipients: one is there twice' };
    kids.add(read);
  }
  return { jti: header.jti, recipients: [...kids] };
}

function readProtectedHeader(encoded: unknown): { readonly jti: string } | EnvelopeFault {
  if (typeof encoded !== 'string' || encoded.length > HEADER_LENGTH_MAX) return { fault: 'protected' };
  const text = Buffer.from(encoded, 'base64url').toString('latin1');
  if (Buffer.from(text, 'latin1').toString('base64url') !== encoded) return { fault: 'protected: base64url' };
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    return { fault: 'protected: JSON' };
  }
  if (!isObject(header)) return { fault: 'protected: JSON' };
  const wrong = membersFault(header, ['enc', 'jti', 'typ']);
  if (wrong) return { fault: `protected: ${wrong}` };
  const { enc, jti, typ } = header;
  // No value has a colon, so there is one for each name: a name that is there twice is found.
  if (text.split(':').length !== 4) return { fault: 'protected: a name is in it twice' };
  if (enc !== CONTENT_ENCRYPTION) return { fault: `protected: enc must be ${CONTENT_ENCRYPTION}` };
  if (typ !== SEALED_TYPE) return { fault: `protected: typ must be ${SEALED_TYPE}` };
  if (typeof jti !== 'string' || !MESSAGE_ID.test(jti))
    return { fault: 'protected: jti must be a UUID in lower case' };
  return { jti };
}

/** @returns the thumbprint that names the recipient */
function readRecipient(recipient: unknown): string | EnvelopeFault {
  if (!isObject(recipient)) return { fault: 'recipients: objects' };
  const wrong = membersFault(recipient, ['header', 'encrypted_key']);
  if (wrong) return { fault: `recipients: ${wrong}` };
  const { header, encrypted_key: encryptedKey } = recipient;
  if (!isObject(header)) return { fault: 'recipients: header' };
  if (header.alg !== KEY_ALGORITHM) return { fault: `recipients: alg must be ${KEY_ALGORITHM}` };
  const wrongHeader = membersFault(header, ['alg', 'kid', 'epk']);
  if (wrongHeader) return { fault: `recipients: header: ${wrongHeader}` };
  const { kid, epk } = header;
  if (typeof kid !== 'string' || !THUMBPRINT.test(kid)) return { fault: 'recipients: kid: a thumbprint' };
  if (!isObject(epk) || membersFault(epk, ['crv', 'kty', 'x', 'y']))
    return { fault: 'recipients: epk: crv, kty, x, y' };
  const key = readPublicKey(epk);
  if (typeof key === 'string') return { fault: `recipients: epk: ${key}` };
  if (typeof encryptedKey !== 'string' || !ENCRYPTED_KEY.test(encryptedKey))
    return { fault: 'recipients: encrypted_key: 40 bytes' };
  return kid;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function membersFault(value: object, names: readonly string[]): string | undefined {
  const missing = names.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return `${missing} is missing`;
  const foreign = Object.keys(value).find((name) => !names.includes(name));
  return foreign === undefined ? undefined : `${foreign.slice(0, 16)} is not expected`;
}
