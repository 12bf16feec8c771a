import type { KeyOwner, KeyPairUse, WrappedKey } from '../../ports/key-vault.ts';
import {
  byteOfUse,
  DIGEST_BYTES,
  keyWrappingKey,
  POINT_BYTES,
  SIGNATURE_BYTES,
} from '../vault-keys/identity-key.ts';
import { agreedSecretTemplate, userPrivateTemplate, userPublicTemplate } from './attribute-templates.ts';
import { CKA, CKD_NULL, CKM, CKR, ECDH1_PARAMETERS } from './constants.ts';
import { type Handle, returnValueOf } from './cryptoki.ts';
import { HsmDown } from './errors.ts';
import type { KeyVersion } from './key-listing.ts';
import { MECHANISM_NEEDS } from './mechanisms.ts';
import type { OpenSlot } from './open-slot.ts';
import type { Operations } from './thread-messages.ts';
import { sealContent, type UnwrapBatch, WRAP, wrapInHsm } from './user-key-wrapping.ts';

/*
 * A user's private key is wrapped as other keys are (user-key-wrapping.ts): by the HSM as PKCS#8, then for its owner. Before
 * the HSM's part stand a zero, which is no length of an HMAC key, and the use. It is unwrapped for each use, as an object
 * that cannot be extracted and has that use alone.
 */

const MARK = 0;
const HEAD_BYTES = 2;

/** Makes a pair in the HSM and wraps its private key: outside a wrapping it is in the HSM alone, and there for an instant. */
export function generateKeyPair(
  hsm: OpenSlot,
  version: KeyVersion,
  { use, owner }: Operations['keyPair']['given'],
): Operations['keyPair']['result'] {
  const { library, objectSession } = hsm.sessions;
  if (use === 'seal') assertAgrees(hsm);
  const { publicKey, privateKey } = library.C_GenerateKeyPair(
    objectSession,
    { mechanism: CKM.ecKeyPairGen },
    userPublicTemplate(),
    userPrivateTemplate(use, 'passing'),
  );
  try {
    const [point] = library.C_GetAttributeValue(objectSession, publicKey, [{ type: CKA.ecPoint }]);
    // A DER octet string of the point; some HSMs return it bare.
    const publicPoint = new Uint8Array(point?.value.subarray(-POINT_BYTES) ?? []);
    return { wrapped: wrapPrivateKey(hsm, version, owner, use, privateKey), publicPoint };
  } finally {
    hsm.destroySessionKey(publicKey);
    hsm.destroySessionKey(privateKey);
  }
}

/** Signs digests, each by its owner's key, inside the HSM. */
export function signByKeys(
  hsm: OpenSlot,
  unwrapping: UnwrapBatch,
  { owners, wrapped, digests }: Operations['signByKeys']['given'],
): Operations['signByKeys']['result'] {
  const { library, objectSession } = hsm.sessions;
  return wrapped.map((each, index) =>
    withPrivateKey(hsm, unwrapping, each, owners[index] ?? '', 'sign', (key) => {
      const digest = Buffer.from(digests.buffer, index * DIGEST_BYTES, DIGEST_BYTES);
      library.C_SignInit(objectSession, { mechanism: CKM.ecdsa }, key);
      return new Uint8Array(library.C_Sign(objectSession, digest, Buffer.alloc(SIGNATURE_BYTES)));
    }),
  );
}

/** Agrees inside the HSM, each by its owner's key, and derives from what is agreed in this thread. */
export function agreeByKeys(
  hsm: OpenSlot,
  unwrapping: UnwrapBatch,
  { owners, wrapped, points }: Operations['agreeByKeys']['given'],
): Operations['agreeByKeys']['result'] {
  assertAgrees(hsm);
  const { library, objectSession } = hsm.sessions;
  return wrapped.map((each, index) =>
    withPrivateKey(hsm, unwrapping, each, owners[index] ?? '', 'seal', (key) => {
      const publicData = Buffer.from(points.buffer, index * POINT_BYTES, POINT_BYTES);
      const parameter = { type: ECDH1_PARAMETERS, kdf: CKD_NULL, publicData };
      const mechanism = { mechanism: CKM.ecdh1Derive, parameter };
      const secret = library.C_DeriveKey(objectSession, mechanism, key, agreedSecretTemplate());
      try {
        const [found] = library.C_GetAttributeValue(objectSession, secret, [{ type: CKA.value }]);
        const value = found?.value ?? Buffer.alloc(0);
        const derived = keyWrappingKey(value);
        value.fill(0);
        return derived;
      } finally {
        hsm.destroySessionKey(secret);
      }
    }),
  );
}

/**
 * Wraps a private key under this version.
 * @returns undefined where it is no private key, or does not open for this owner
 */
export function rewrapPrivateKey(
  hsm: OpenSlot,
  unwrapping: UnwrapBatch,
  active: KeyVersion,
  wrapped: WrappedKey,
  owner: KeyOwner,
): WrappedKey | undefined {
  const found = openPrivateKey(unwrapping, wrapped, owner);
  if (!found || found.version.version === active.version) return found && wrapped;
  const { version, use, blob } = found;
  const key = unwrap(hsm, version, blob, use, 'passing');
  if (!key) return undefined;
  try {
    return wrapPrivateKey(hsm, active, owner, use, key);
  } finally {
    hsm.destroySessionKey(key);
  }
}

function withPrivateKey<T>(
  hsm: OpenSlot,
  unwrapping: UnwrapBatch,
  wrapped: WrappedKey,
  owner: KeyOwner,
  use: KeyPairUse,
  run: (key: Handle) => T,
): T | undefined {
  const found = openPrivateKey(unwrapping, wrapped, owner);
  const key = found?.use === use ? unwrap(hsm, found.version, found.blob, use, 'inside') : undefined;
  if (!key) return undefined;
  try {
    return run(key);
  } finally {
    hsm.destroySessionKey(key);
    hsm.sessions.reportProgress();
  }
}

function wrapPrivateKey(
  hsm: OpenSlot,
  version: KeyVersion,
  owner: KeyOwner,
  use: KeyPairUse,
  key: Handle,
): WrappedKey {
  return sealContent(hsm, version, owner, [
    Uint8Array.of(MARK, byteOfUse(use)),
    wrapInHsm(hsm, version, key),
  ]);
}

function openPrivateKey(
  unwrapping: UnwrapBatch,
  wrapped: WrappedKey,
  owner: KeyOwner,
): { readonly version: KeyVersion; readonly use: KeyPairUse; readonly blob: Buffer } | undefined {
  const opened = unwrapping.openContent(wrapped, owner);
  if (opened?.content[0] !== MARK) return undefined;
  const use = (['sign', 'seal'] as const).find((each) => byteOfUse(each) === opened.content[1]);
  return use && { version: opened.version, use, blob: opened.content.subarray(HEAD_BYTES) };
}

function unwrap(
  { sessions }: OpenSlot,
  version: KeyVersion,
  blob: Buffer,
  use: KeyPairUse,
  as: 'inside' | 'passing',
): Handle | undefined {
  try {
    const template = userPrivateTemplate(use, as);
    return sessions.library.C_UnwrapKey(sessions.objectSession, WRAP, version.kek, blob, template);
  } catch (error) {
    const value = returnValueOf(error);
    if (value === CKR.wrappedKeyInvalid || value === CKR.wrappedKeyLenRange) return undefined;
    throw error;
  }
}

function assertAgrees(hsm: OpenSlot): void {
  const lacks = hsm.missingMechanisms.some((index) => MECHANISM_NEEDS[index]?.mechanism === CKM.ecdh1Derive);
  if (lacks) throw new HsmDown("the HSM has no CKM_ECDH1_DERIVE: users' keys cannot be in it");
}
