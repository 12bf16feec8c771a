import { createCipheriv, createECDH, ECDH, hkdfSync } from 'node:crypto';

const CURVE = 'prime256v1';
const POINT_BYTES = 65;
const AUTH_BYTES = 16;
const SALT_BYTES = 16;
const RECORD_BYTES = 4_096;
/** Of every message, so that its length tells nothing. */
const PADDED_BYTES = 256;
/** The delimiter of the last record (RFC 8188, section 2). */
const LAST = 2;

/** What a browser gives to whoever sends to it (RFC 8291, section 2). */
export interface PushKeys {
  /** An uncompressed point of P-256. */
  readonly p256dh: Uint8Array;
  /** 16 bytes. */
  readonly auth: Uint8Array;
}

/** Decodes a subscription's keys from base64url. @returns undefined for what are none, a point off the curve included */
export function readPushKeys(p256dh: string, auth: string): PushKeys | undefined {
  const keys = { p256dh: Buffer.from(p256dh, 'base64url'), auth: Buffer.from(auth, 'base64url') };
  if (keys.p256dh.length !== POINT_BYTES || keys.p256dh[0] !== 4 || keys.auth.length !== AUTH_BYTES)
    return undefined;
  try {
    ECDH.convertKey(keys.p256dh, CURVE);
    return keys;
  } catch {
    return undefined;
  }
}

/**
 * Encrypts a message for a browser by `aes128gcm` (RFC 8188) under a key agreed for this one message (RFC 8291), in one
 * record, padded to `PADDED_BYTES`. The push service cannot read it.
 * @param given - for tests with published vectors, which are not padded; by default both are random
 * @throws RangeError for a text that does not fit
 */
export function encryptPush(
  { p256dh, auth }: PushKeys,
  text: Uint8Array,
  random: { bytes(length: number): Uint8Array },
  given?: { readonly privateKey: Uint8Array; readonly salt: Uint8Array },
): Uint8Array {
  if (text.length >= PADDED_BYTES) throw new RangeError('the pushed text is too long');
  const own = createECDH(CURVE);
  if (given) own.setPrivateKey(given.privateKey);
  else own.generateKeys();
  const publicKey = own.getPublicKey();
  const salt = given?.salt ?? random.bytes(SALT_BYTES);
  const keyInfo = Buffer.concat([Buffer.from('WebPush: info\0'), p256dh, publicKey]);
  const input = derive(own.computeSecret(p256dh), auth, keyInfo, 32);
  const key = derive(input, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(input, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  const padded = Buffer.alloc(given ? text.length + 1 : PADDED_BYTES);
  padded.set(text);
  padded[text.length] = LAST;
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  const sealed = [cipher.update(padded), cipher.final(), cipher.getAuthTag()];
  const size = Buffer.alloc(4);
  size.writeUInt32BE(RECORD_BYTES);
  return Buffer.concat([salt, size, Uint8Array.of(POINT_BYTES), publicKey, ...sealed]);
}

/** HKDF with SHA-256 (RFC 5869). */
function derive(input: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', input, salt, info, length));
}
