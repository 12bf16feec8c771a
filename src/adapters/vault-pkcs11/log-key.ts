import { randomInt } from 'node:crypto';
import { ed25519Key, ed25519PublicKey, signEd25519 } from '../vault-keys/ed25519-seed.ts';
import { logPrivateTemplate, logPublicTemplate, macKeyTemplate } from './attribute-templates.ts';
import { CKA, CKM } from './constants.ts';
import { type Handle, returnValueOf } from './cryptoki.ts';
import { HsmDown } from './errors.ts';
import type { LogKeyObject } from './key-listing.ts';
import { MECHANISM_NEEDS } from './mechanisms.ts';
import { makeObjectId } from './object-id.ts';
import type { OpenSlot } from './open-slot.ts';
import { pause } from './pause.ts';
import { hmac256 } from './slot-crypto.ts';

const ATTEMPTS_MAX = 8;
const VISIBLE_AFTER_MS = 30;
const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 32;
/** Of HMAC-SHA256 under the log's secret key: the seed of its Ed25519 key, in an HSM without EdDSA. */
const SEED_CONTEXT = Buffer.from('sello log Ed25519 seed');
/** edwards25519 as CKA_EC_PARAMS: its OID (RFC 8410 section 3), and its name as PKCS#11 3.0 section 2.3.5 has it. */
const CURVE_PARAMETERS = [
  Buffer.from('06032b6570', 'hex'),
  Buffer.from('130c656477617264733235353139', 'hex'),
];

/** Returns the public key of the log, 32 bytes. Makes the key where there is none. */
export function logPublicKey(slot: OpenSlot): Uint8Array {
  const key = logKey(slot);
  if (key.secret === undefined) return pointOf(slot, key.publicKey);
  return withSeed(slot, key.secret, (seed) => ed25519PublicKey(ed25519Key(seed)));
}

/** Signs by Ed25519 with the key of the log, inside the HSM where it has EdDSA. */
export function signForLog(slot: OpenSlot, message: Buffer): Uint8Array {
  const key = logKey(slot);
  if (key.secret !== undefined)
    return withSeed(slot, key.secret, (seed) => signEd25519(ed25519Key(seed), message));
  const { library, operationSession, reportProgress } = slot.sessions;
  library.C_SignInit(operationSession, { mechanism: CKM.eddsa }, key.privateKey);
  const signature = library.C_Sign(operationSession, message, Buffer.alloc(SIGNATURE_BYTES));
  reportProgress();
  return new Uint8Array(signature);
}

function withSeed<T>(slot: OpenSlot, secret: Handle, use: (seed: Uint8Array) => T): T {
  const seed = hmac256(slot, secret, SEED_CONTEXT);
  try {
    return use(seed);
  } finally {
    seed.fill(0);
  }
}

/**
 * The log has one key for ever, which rotations leave. A server that made one and then sees another destroys its own:
 * one that was there alone stays, so no server ever uses a key that another one replaces.
 */
function logKey(slot: OpenSlot): LogKeyObject {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const { logKeys } = attempt === 1 ? slot.keys() : slot.relistKeys();
    const [only, ...others] = logKeys;
    if (only && others.length === 0) return only;
    // Listed a while ago, or another server is making one.
    if (!only && slot.relistKeys().logKeys.length === 0) {
      const made = makeLogKey(slot);
      pause(VISIBLE_AFTER_MS);
      if (slot.relistKeys().logKeys.length > 1)
        for (const handle of made)
          slot.sessions.library.C_DestroyObject(slot.sessions.operationSession, handle);
    }
    if (attempt > 1) pause(randomInt(5, 100));
  }
  throw new HsmDown(
    'several servers are making the key of the log, or the HSM holds more than one: try again',
  );
}

function makeLogKey(slot: OpenSlot): Handle[] {
  const { library, operationSession } = slot.sessions;
  const name = { label: `${slot.address.keyPrefix}/log/1`, id: makeObjectId(Date.now()) };
  const lacksEddsa = slot.missingMechanisms.some((index) =>
    [CKM.eddsa, CKM.ecEdwardsKeyPairGen].some((mechanism) => MECHANISM_NEEDS[index]?.mechanism === mechanism),
  );
  if (lacksEddsa)
    return [
      library.C_GenerateKey(operationSession, { mechanism: CKM.genericSecretKeyGen }, macKeyTemplate(name)),
    ];
  for (const [index, parameters] of CURVE_PARAMETERS.entries()) {
    try {
      const { publicKey, privateKey } = library.C_GenerateKeyPair(
        operationSession,
        { mechanism: CKM.ecEdwardsKeyPairGen },
        logPublicTemplate(name, parameters),
        logPrivateTemplate(name),
      );
      return [publicKey, privateKey];
    } catch (error) {
      // HSMs know the curve by one of its names.
      if (returnValueOf(error) === undefined || index === CURVE_PARAMETERS.length - 1) throw error;
    }
  }
  throw new Error('no name of the curve was tried');
}

/** CKA_EC_POINT is the public key in a DER octet string; some HSMs return it bare. */
function pointOf({ sessions: { library, operationSession } }: OpenSlot, publicKey: Handle): Uint8Array {
  const [point] = library.C_GetAttributeValue(operationSession, publicKey, [{ type: CKA.ecPoint }]);
  const bytes = point?.value.subarray(-PUBLIC_KEY_BYTES);
  if (bytes?.length !== PUBLIC_KEY_BYTES) throw new HsmDown('the HSM shows no public key of the log');
  return new Uint8Array(bytes);
}
