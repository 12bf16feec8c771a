import { StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { assertBelowActive } from '../vault-keys/bounds.ts';
import { goodVersions } from '../vault-keys/master-key-life.ts';
import { versionOf } from '../vault-keys/wrapped-key.ts';
import { computeMacs, unwrapKeys } from './compute-macs.ts';
import { CKM } from './constants.ts';
import type { Handle } from './cryptoki.ts';
import { HsmDown } from './errors.ts';
import type { Hsm } from './hsm.ts';
import type { KeyVersion, SigningKeyObject } from './key-listing.ts';
import {
  createFirstVersion,
  createVersion,
  destroyOldMasterKeys,
  destroyVersionsBelow,
} from './key-versions.ts';
import { logPublicKey, signForLog } from './log-key.ts';
import { MECHANISM_NEEDS } from './mechanisms.ts';
import type { OpenSlot } from './open-slot.ts';
import { agreeByKeys, generateKeyPair, rewrapPrivateKey, signByKeys } from './private-key-wrapping.ts';
import { hmac256, randomFromHsm } from './slot-crypto.ts';
import type { OperationName, Operations } from './thread-messages.ts';
import { generateWrapped, UnwrapBatch, wrapBytes, wrapObjects } from './user-key-wrapping.ts';

type Handlers = {
  readonly [Name in OperationName]: (
    hsm: Hsm,
    given: Operations[Name]['given'],
  ) => Operations[Name]['result'];
};

const SIGNATURE_BYTES = 64;
const DIGEST_BYTES = 32;
const HEALTH_PROBE = Buffer.from('health');

/** The operations of the thread that calls the HSM, by name. They throw what `Hsm` throws. */
export const OPERATIONS: Handlers = {
  probe: (hsm) => hsm.probe(),

  open: (hsm, { mayCreate }) => {
    const opened = hsm.openOnce();
    const lacking = opened.missingMechanisms
      .map((index) => MECHANISM_NEEDS[index])
      .filter((need) => need?.required);
    if (lacking.length > 0) {
      throw new StartRefused(
        `vault_url: the HSM cannot hold these keys, it has no ${lacking.map((need) => need?.name).join(', ')}. See: sello doctor`,
      );
    }
    const { versions } = opened.keys();
    if (versions.length > 0 || !mayCreate) return { keysPresent: versions.length > 0, created: false };
    createFirstVersion(opened.sessions, opened.address.keyPrefix);
    opened.relistKeys();
    return { keysPresent: true, created: true };
  },

  macs: (hsm, given) => hsm.run((opened) => computeMacs(opened, given)),

  unwrap: (hsm, given) => hsm.run((opened) => unwrapKeys(opened, given)),

  wrap: (hsm, given) => {
    try {
      return hsm.run((opened) => wrapAll(opened, given));
    } finally {
      given.keys.bytes.fill(0);
    }
  },

  seed: (hsm, { length, owner }) =>
    hsm.run((opened) => {
      const seed = randomFromHsm(opened, length);
      return { wrapped: wrapBytes(opened, activeVersion(opened), owner, seed), seed };
    }),

  key: (hsm, { owner }) => hsm.run((opened) => generateWrapped(opened, activeVersion(opened), owner)),

  keyPair: (hsm, given) => hsm.run((opened) => generateKeyPair(opened, activeVersion(opened), given)),

  signByKeys: (hsm, given) => hsm.run((opened) => signByKeys(opened, new UnwrapBatch(opened), given)),

  agreeByKeys: (hsm, given) => hsm.run((opened) => agreeByKeys(opened, new UnwrapBatch(opened), given)),

  rewrap: (hsm, { owners, wrapped }) =>
    hsm.run((opened) => {
      const active = activeVersion(opened);
      const unwrapping = new UnwrapBatch(opened);
      return wrapped.map((each, i) => rewrap(opened, unwrapping, active, each, owners[i] ?? ''));
    }),

  derive: (hsm, { purpose, context }) =>
    hsm.run((opened) => {
      const { masterKeys } = opened.keys(LIMITS.hsmListingAgeMs);
      if (masterKeys.length === 0) throw new HsmDown(`the HSM holds no key to derive ${purpose} keys from`);
      return goodVersions(masterKeys.toReversed(), Date.now())
        .map(({ version, createdAt, [purpose]: master }) => ({
          version,
          createdAt,
          key: hmac256(opened, master, Buffer.from(context)),
        }))
        .reverse();
    }),

  sign: (hsm, { digests }) =>
    hsm.run((opened) => {
      const { key, signer } = activeSigner(opened);
      const { library, operationSession, reportProgress } = opened.sessions;
      const signatures = new Uint8Array((digests.length / DIGEST_BYTES) * SIGNATURE_BYTES);
      const signature = Buffer.alloc(SIGNATURE_BYTES);
      for (let i = 0; i * DIGEST_BYTES < digests.length; i++) {
        library.C_SignInit(operationSession, { mechanism: CKM.ecdsa }, signer);
        const digest = Buffer.from(digests.buffer, i * DIGEST_BYTES, DIGEST_BYTES);
        signatures.set(library.C_Sign(operationSession, digest, signature), i * SIGNATURE_BYTES);
        reportProgress();
      }
      return { keyId: key.jwk.kid, signatures };
    }),

  logPublicKey: (hsm) => hsm.run(logPublicKey),

  signLog: (hsm, { message }) => hsm.run((opened) => signForLog(opened, Buffer.from(message))),

  versions: (hsm) =>
    hsm.run((opened) => {
      const active = activeVersion(opened);
      const { signingKeys, versions } = opened.keys();
      const unwrapping = new Set(versions.map(({ version }) => version));
      // A library may list cached objects of a slot that is gone; a health check must notice that.
      hmac256(opened, active.bind, HEALTH_PROBE).fill(0);
      return {
        active: active.version,
        publicKeys: signingKeys.map(({ jwk }) => jwk),
        lives: signingKeys.map(({ version, createdAt, jwk }) => ({
          ...{ version, createdAt, unwraps: unwrapping.has(version), keyId: jwk.kid },
        })),
      };
    }),

  create: (hsm) =>
    hsm.run((opened) => {
      if (opened.relistKeys().signingKeys.length >= LIMITS.keyVersionsMax) {
        throw new HsmDown(`the HSM holds ${LIMITS.keyVersionsMax} signing keys, its most`);
      }
      const version = createVersion(opened.sessions, opened.address.keyPrefix);
      destroyOldMasterKeys(opened.sessions, opened.relistKeys());
      opened.relistKeys();
      return version;
    }, false),

  destroy: (hsm, { below }) =>
    hsm.run((opened) => {
      const listing = opened.relistKeys();
      assertBelowActive(below, activeVersion(opened).version);
      destroyVersionsBelow(opened.sessions, listing, below);
      opened.relistKeys();
      return undefined;
    }),

  close: (hsm) => {
    hsm.close();
    return undefined;
  },
};

function wrapAll(opened: OpenSlot, { owners, keys }: Operations['wrap']['given']): string[] {
  const version = activeVersion(opened);
  let offset = 0;
  return owners.map((owner, i) => {
    const length = keys.lengths[i] ?? 0;
    const key = keys.bytes.subarray(offset, offset + length);
    offset += length;
    return wrapBytes(opened, version, owner, key);
  });
}

/** Returns the newest version, from a listing at most `LIMITS.hsmListingAgeMs` old. So keys are not wrapped under an older version for long. */
function activeVersion(opened: OpenSlot): KeyVersion {
  const [active] = opened.keys(LIMITS.hsmListingAgeMs).versions;
  if (!active) throw new HsmDown('the HSM holds no key-encryption key any more');
  return active;
}

function activeSigner(opened: OpenSlot): { key: SigningKeyObject; signer: Handle } {
  // The newest complete pair: while another server creates one, its private key appears last.
  const key = opened.keys().signingKeys.find(({ privateKey }) => privateKey);
  if (!key?.privateKey) throw new HsmDown('the HSM holds no signing key any more');
  return { key, signer: key.privateKey };
}

function rewrap(
  opened: OpenSlot,
  unwrapping: UnwrapBatch,
  active: KeyVersion,
  wrapped: string,
  owner: string,
): string | undefined {
  const found = unwrapping.openBlobs(wrapped, owner);
  if (!found) return rewrapPrivateKey(opened, unwrapping, active, wrapped, owner);
  if (versionOf(wrapped) === active.version) return wrapped;
  const forms: Handle[] = [];
  try {
    for (const blob of found.blobs) {
      const form = unwrapping.unwrap(found.version, blob, 'passing');
      if (!form) return undefined;
      forms.push(form);
    }
    return wrapObjects(opened, active, owner, forms, found.length);
  } finally {
    for (const form of forms) opened.destroySessionKey(form);
  }
}
