import {
  createCipheriv,
  createECDH,
  createHash,
  type KeyObject,
  randomBytes,
  sign,
  type X509Certificate,
} from 'node:crypto';
import { ECDSA_SHA256 } from '../../domain/x509/certificate.ts';
import {
  bits,
  context,
  type Der,
  integer,
  octets,
  oid,
  sequence,
  setOf,
  tagged,
  time,
} from '../../domain/x509/der.ts';

/*
 * CMS (RFC 5652) for tools that read no JOSE, such as `openssl cms`: SignedData by ECDSA with SHA-256, inside
 * AuthEnvelopedData (RFC 5083) by AES-256-GCM (RFC 5084) under ECDH with SHA-256 and AES-256 key wrap (RFC 5753).
 */

const DATA = oid('1.2.840.113549.1.7.1');
const SIGNED_DATA = oid('1.2.840.113549.1.7.2');
const AUTH_ENVELOPED_DATA = oid('1.2.840.113549.1.9.16.1.23');
const CONTENT_TYPE = oid('1.2.840.113549.1.9.3');
const MESSAGE_DIGEST = oid('1.2.840.113549.1.9.4');
const SIGNING_TIME = oid('1.2.840.113549.1.9.5');
const SHA256 = sequence(oid('2.16.840.1.101.3.4.2.1'));
const AES256_GCM = oid('2.16.840.1.101.3.4.1.46');
const AES256_WRAP = sequence(oid('2.16.840.1.101.3.4.1.45'));
/** dhSinglePass-stdDH-sha256kdf-scheme */
const ECDH_SHA256 = oid('1.3.132.1.11.1');
const EC_PUBLIC_KEY = oid('1.2.840.10045.2.1');

const GCM_TAG_BYTES = 16;
/** RFC 3394 section 2.2.3.1. */
const WRAP_IV = Buffer.alloc(8, 0xa6);

/** Signs the content, which is inside. @param signer whose key `key` is */
export function signedData(content: Uint8Array, signer: X509Certificate, key: KeyObject, now: number): Der {
  const attributes = [
    sequence(CONTENT_TYPE, setOf(DATA)),
    sequence(SIGNING_TIME, setOf(time(now))),
    sequence(MESSAGE_DIGEST, setOf(octets(createHash('sha256').update(content).digest()))),
  ];
  // Signed as a SET OF, sent as `[0]` (RFC 5652 section 5.4).
  const signature = sign('sha256', setOf(...attributes), { key, dsaEncoding: 'der' });
  const signerInfo = sequence(
    integer(1),
    issuerAndSerial(signer),
    SHA256,
    retagged(0xa0, setOf(...attributes)),
    ECDSA_SHA256,
    octets(signature),
  );
  return sequence(
    SIGNED_DATA,
    context(
      0,
      sequence(
        integer(1),
        setOf(SHA256),
        sequence(DATA, context(0, octets(content))),
        context(0, signer.raw),
        setOf(signerInfo),
      ),
    ),
  );
}

/** Seals the content to P-256 certificates. @throws where one has another key */
export function authEnvelopedData(content: Uint8Array, recipients: readonly X509Certificate[]): Der {
  const key = randomBytes(32);
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
  const algorithm = sequence(AES256_GCM, sequence(octets(nonce), integer(GCM_TAG_BYTES)));
  return sequence(
    AUTH_ENVELOPED_DATA,
    context(
      0,
      sequence(
        integer(0),
        setOf(...recipients.map((recipient) => agreement(recipient, key))),
        sequence(DATA, algorithm, tagged(0x80, sealed)),
        octets(cipher.getAuthTag()),
      ),
    ),
  );
}

/** KeyAgreeRecipientInfo (RFC 5652 section 6.2.2) with an ephemeral key (RFC 5753 section 3.1.1). */
function agreement(recipient: X509Certificate, key: Uint8Array): Der {
  const { kty, crv, x = '', y = '' } = recipient.publicKey.export({ format: 'jwk' });
  if (kty !== 'EC' || crv !== 'P-256') throw new TypeError('the certificate has no P-256 key');
  const ephemeral = createECDH('prime256v1');
  const point = ephemeral.generateKeys();
  const other = Buffer.concat([Uint8Array.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  const wrapping = derive(ephemeral.computeSecret(other));
  const cipher = createCipheriv('id-aes256-wrap', wrapping, WRAP_IV);
  const wrapped = Buffer.concat([cipher.update(key), cipher.final()]);
  return context(
    1,
    integer(3),
    context(0, context(1, sequence(EC_PUBLIC_KEY), bits(point))),
    sequence(ECDH_SHA256, AES256_WRAP),
    sequence(sequence(issuerAndSerial(recipient), octets(wrapped))),
  );
}

/** The KDF of ANSI X9.63 with ECC-CMS-SharedInfo (RFC 5753 section 7.2): 256 bits are one round of SHA-256. */
function derive(secret: Uint8Array): Buffer {
  const info = sequence(AES256_WRAP, context(2, octets(Uint8Array.of(0, 0, 1, 0))));
  return createHash('sha256')
    .update(secret)
    .update(Uint8Array.of(0, 0, 0, 1))
    .update(info)
    .digest();
}

function retagged(tag: number, der: Der): Der {
  return Uint8Array.of(tag, ...der.subarray(1));
}

/** IssuerAndSerialNumber, cut out of the certificate, so that the issuer's bytes are the same. */
function issuerAndSerial({ raw }: X509Certificate): Der {
  const certificate = read(raw, 0);
  const toBeSigned = read(raw, certificate.content);
  let at = toBeSigned.content;
  // version [0], where it is there
  if (raw[at] === 0xa0) at = read(raw, at).end;
  const serial = read(raw, at);
  const algorithm = read(raw, serial.end);
  const issuer = read(raw, algorithm.end);
  return sequence(raw.subarray(algorithm.end, issuer.end), raw.subarray(at, serial.end));
}

/** Reads one element's place. OpenSSL has parsed the certificate, so its lengths are right. */
function read(bytes: Uint8Array, at: number): { readonly content: number; readonly end: number } {
  const first = bytes[at + 1] ?? 0;
  if (first < 0x80) return { content: at + 2, end: at + 2 + first };
  let length = 0;
  const digits = first & 0x7f;
  for (let index = 0; index < digits; index++) length = length * 256 + (bytes[at + 2 + index] ?? 0);
  const content = at + 2 + digits;
  return { content, end: content + length };
}
