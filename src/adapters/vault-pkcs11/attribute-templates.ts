import { CKA, CKK, CKM, CKO } from './constants.ts';
import type { Template } from './cryptoki.ts';

/** The DER encoding of P-256's OID (RFC 5480 section 2.1.1.1), for CKA_EC_PARAMS. */
const P256 = Buffer.from('06082a8648ce3d030107', 'hex');

interface Named {
  readonly label: string;
  readonly id: Buffer;
}

/** Attributes of token objects whose value never leaves the HSM. */
const NEVER_LEAVES = [
  { type: CKA.token, value: true },
  { type: CKA.private, value: true },
  { type: CKA.sensitive, value: true },
  { type: CKA.extractable, value: false },
];

/**
 * A key-encryption key: wraps and unwraps by one mechanism, nothing else. If ECB decryption were allowed, it could unwrap keys into the process.
 *
 * Why: docs/DECISIONS.md#public-keys-are-private-objects
 */
export function encryptionKeyTemplate({ label, id }: Named): Template {
  const mechanism = Buffer.alloc(8);
  mechanism.writeBigUInt64LE(BigInt(CKM.aesKeyWrapPad));
  return [
    { type: CKA.class, value: CKO.secretKey },
    { type: CKA.keyType, value: CKK.aes },
    { type: CKA.valueLen, value: 32 },
    ...NEVER_LEAVES,
    { type: CKA.wrap, value: true },
    { type: CKA.unwrap, value: true },
    { type: CKA.encrypt, value: false },
    { type: CKA.decrypt, value: false },
    { type: CKA.sign, value: false },
    { type: CKA.verify, value: false },
    { type: CKA.derive, value: false },
    { type: CKA.allowedMechanisms, value: mechanism },
    { type: CKA.label, value: label },
    { type: CKA.id, value: id },
  ];
}

/** A key that computes HMAC-SHA256 and nothing else. */
export function macKeyTemplate({ label, id }: Named): Template {
  return [
    { type: CKA.class, value: CKO.secretKey },
    { type: CKA.keyType, value: CKK.genericSecret },
    { type: CKA.valueLen, value: 32 },
    ...NEVER_LEAVES,
    { type: CKA.sign, value: true },
    { type: CKA.verify, value: false },
    { type: CKA.encrypt, value: false },
    { type: CKA.decrypt, value: false },
    { type: CKA.wrap, value: false },
    { type: CKA.unwrap, value: false },
    { type: CKA.derive, value: false },
    { type: CKA.label, value: label },
    { type: CKA.id, value: id },
  ];
}

/** A verification key. Private (CKA_PRIVATE) all the same: without the PIN anybody may create and destroy public objects (PKCS#11 2.40 section 4.4). */
export function signingPublicTemplate({ label, id }: Named): Template {
  return [
    { type: CKA.class, value: CKO.publicKey },
    { type: CKA.keyType, value: CKK.ec },
    { type: CKA.token, value: true },
    { type: CKA.private, value: true },
    { type: CKA.verify, value: true },
    { type: CKA.ecParams, value: P256 },
    { type: CKA.label, value: label },
    { type: CKA.id, value: id },
  ];
}

/** The verification key of the log: Ed25519. @param parameters the curve, as CKA_EC_PARAMS */
export function logPublicTemplate({ label, id }: Named, parameters: Buffer): Template {
  return [
    { type: CKA.class, value: CKO.publicKey },
    { type: CKA.keyType, value: CKK.ecEdwards },
    { type: CKA.token, value: true },
    { type: CKA.private, value: true },
    { type: CKA.verify, value: true },
    { type: CKA.ecParams, value: parameters },
    { type: CKA.label, value: label },
    { type: CKA.id, value: id },
  ];
}

export function logPrivateTemplate(named: Named): Template {
  return privateKeyTemplate(named, CKK.ecEdwards);
}

export function signingPrivateTemplate(named: Named): Template {
  return privateKeyTemplate(named, CKK.ec);
}

/** A key that signs and nothing else. */
function privateKeyTemplate({ label, id }: Named, keyType: number): Template {
  return [
    { type: CKA.class, value: CKO.privateKey },
    { type: CKA.keyType, value: keyType },
    ...NEVER_LEAVES,
    { type: CKA.sign, value: true },
    { type: CKA.decrypt, value: false },
    { type: CKA.unwrap, value: false },
    { type: CKA.derive, value: false },
    { type: CKA.label, value: label },
    { type: CKA.id, value: id },
  ];
}

/**
 * A user's key as a session object.
 * `inside`: computes MACs and never leaves the HSM. `passing`: exists only to be wrapped. `shown`: its value is read at
 * once, for custody `cached`.
 */
export function userKeyTemplate(use: 'inside' | 'passing' | 'shown'): Template {
  return [
    { type: CKA.class, value: CKO.secretKey },
    { type: CKA.keyType, value: CKK.genericSecret },
    { type: CKA.token, value: false },
    { type: CKA.private, value: true },
    { type: CKA.sensitive, value: use !== 'shown' },
    { type: CKA.extractable, value: use !== 'inside' },
    { type: CKA.sign, value: use === 'inside' },
  ];
}

/** The public key of a user's pair: read once, then destroyed. */
export function userPublicTemplate(): Template {
  return [
    { type: CKA.class, value: CKO.publicKey },
    { type: CKA.keyType, value: CKK.ec },
    { type: CKA.token, value: false },
    { type: CKA.private, value: true },
    { type: CKA.ecParams, value: P256 },
  ];
}

/**
 * A user's private key as a session object, for one use.
 * `inside`: is used and never leaves the HSM. `passing`: exists only to be wrapped, and cannot be used meanwhile.
 */
export function userPrivateTemplate(use: 'sign' | 'seal', as: 'inside' | 'passing'): Template {
  return [
    { type: CKA.class, value: CKO.privateKey },
    { type: CKA.keyType, value: CKK.ec },
    { type: CKA.token, value: false },
    { type: CKA.private, value: true },
    { type: CKA.sensitive, value: true },
    { type: CKA.extractable, value: as === 'passing' },
    { type: CKA.sign, value: as === 'inside' && use === 'sign' },
    { type: CKA.derive, value: as === 'inside' && use === 'seal' },
    { type: CKA.decrypt, value: false },
    { type: CKA.unwrap, value: false },
  ];
}

/** The secret that a key agreement yields: read at once, then destroyed. */
export function agreedSecretTemplate(): Template {
  return [
    { type: CKA.class, value: CKO.secretKey },
    { type: CKA.keyType, value: CKK.genericSecret },
    { type: CKA.valueLen, value: 32 },
    { type: CKA.token, value: false },
    { type: CKA.private, value: true },
    { type: CKA.sensitive, value: false },
    { type: CKA.extractable, value: true },
  ];
}
