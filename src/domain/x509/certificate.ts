import { hash } from 'node:crypto';
import type { PublicKey } from '../identity/public-key.ts';
import {
  bits,
  boolean,
  context,
  type Der,
  ecdsaSignature,
  integer,
  octets,
  oid,
  sequence,
  setOf,
  tagged,
  time,
  utf8,
} from './der.ts';

/** What a certificate's key is for: `sign` verifies signatures, `seal` agrees on keys, `authority` verifies certificates. */
export type CertificateUse = 'sign' | 'seal' | 'authority';

export interface CertificateContent {
  /** Positive, at most 20 bytes, big-endian. */
  readonly serial: Uint8Array;
  /** Common names. */
  readonly issuer: string;
  readonly subject: string;
  /** ms since 1970 */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly key: PublicKey;
  readonly use: CertificateUse;
  /** The issuer's key. */
  readonly authorityKey: PublicKey;
}

export const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const ORGANISATION = utf8('Sello');

/** KeyUsage (RFC 5280 section 4.2.1.3): the bits from the first, and how many of the last byte are unused. */
const KEY_USAGE: Readonly<Record<CertificateUse, Der>> = {
  sign: bits(Uint8Array.of(0b1100_0000), 6),
  seal: bits(Uint8Array.of(0b0000_1000), 3),
  authority: bits(Uint8Array.of(0b0000_0110), 1),
};

/** The part of an X.509 certificate that its issuer signs (RFC 5280 section 4.1). */
export function certificateToBeSigned(content: CertificateContent): Der {
  const { serial, issuer, subject, notBefore, notAfter, key, use, authorityKey } = content;
  const extensions = [
    extension('2.5.29.19', use === 'authority' ? sequence(boolean(true), integer(0)) : sequence(), true),
    extension('2.5.29.15', KEY_USAGE[use], true),
    extension('2.5.29.14', octets(keyIdOf(key))),
    extension('2.5.29.35', sequence(tagged(0x80, keyIdOf(authorityKey)))),
  ];
  return sequence(
    context(0, integer(2)),
    integer(serial),
    ECDSA_SHA256,
    nameOf(issuer),
    sequence(time(notBefore), time(notAfter)),
    nameOf(subject),
    publicKeyInfo(key),
    context(3, sequence(...extensions)),
  );
}

/** @param signature over `toBeSigned`, ES256 */
export function certificate(toBeSigned: Der, signature: Uint8Array): Der {
  return sequence(toBeSigned, ECDSA_SHA256, bits(ecdsaSignature(signature)));
}

/** A distinguished name: `O=Sello, CN=…`. */
export function nameOf(commonName: string): Der {
  return sequence(
    setOf(sequence(oid('2.5.4.10'), ORGANISATION)),
    setOf(sequence(oid('2.5.4.3'), utf8(commonName))),
  );
}

/** The key identifier: method 1 of RFC 7093 section 2, which needs no SHA-1. */
export function keyIdOf(key: PublicKey): Uint8Array {
  return new Uint8Array(hash('sha256', pointOf(key), 'buffer').subarray(0, 20));
}

/** The uncompressed point (RFC 5480 section 2.2). */
export function pointOf({ x, y }: PublicKey): Uint8Array {
  return new Uint8Array(
    Buffer.concat([Uint8Array.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]),
  );
}

function publicKeyInfo(key: PublicKey): Der {
  return sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bits(pointOf(key)));
}

function extension(id: string, value: Der, critical = false): Der {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

export function pem(der: Der): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
