import { createPublicKey, type KeyObject } from 'node:crypto';
import { CompactEncrypt } from 'jose';

/** The public part of a P-256 key as JWK (RFC 7518 section 6.2.1). */
export interface DeviceKey {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

/** Reads a device's key. Does NOT check whose it is. @returns undefined where the point is not on the curve */
export function readDeviceKey({ kty, crv, x, y }: DeviceKey): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Encrypts the payload to the device's key: compact JWE (RFC 7516), ECDH-ES (RFC 7518 section 4.6) with A256GCM.
 *
 * Why: docs/DECISIONS.md#a-claims-answer-is-sealed-to-the-device
 */
export function sealToDevice(key: KeyObject, payload: unknown): Promise<string> {
  return new CompactEncrypt(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'JWE', cty: 'json' })
    .encrypt(key);
}
