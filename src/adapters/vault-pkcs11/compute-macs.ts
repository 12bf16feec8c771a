import { CKA, CKM } from './constants.ts';
import type { Handle } from './cryptoki.ts';
import { formFor, sessionKeyName, wholeForm } from './hmac-key-forms.ts';
import { MECHANISM_NEEDS } from './mechanisms.ts';
import type { OpenSlot } from './open-slot.ts';
import { KEY_STRIDE, MAC_STRIDE, type PackedBytes } from './packed-bytes.ts';
import { hmacInHsm } from './slot-crypto.ts';
import type { Operations } from './thread-messages.ts';
import { UnwrapBatch } from './user-key-wrapping.ts';

/** By `ALGORITHM_CODES`. */
const MECHANISMS = [
  { mechanism: CKM.sha1Hmac },
  { mechanism: CKM.sha256Hmac },
  { mechanism: CKM.sha512Hmac },
] as const;

/** Computes HMACs inside the HSM. Users' keys are unwrapped as session objects and kept for later calls. */
export function computeMacs(hsm: OpenSlot, given: Operations['macs']['given']): PackedBytes {
  const { owners, wrapped, algorithms, messages } = given;
  const bytes = new Uint8Array(wrapped.length * MAC_STRIDE);
  const lengths = new Uint32Array(wrapped.length);
  const unwrapping = new UnwrapBatch(hsm);
  const usable = MECHANISMS.map(({ mechanism }) => !lacks(hsm, mechanism));
  let offset = 0;
  for (let i = 0; i < wrapped.length; i++) {
    const length = messages.lengths[i] ?? 0;
    const message = Buffer.from(messages.bytes.buffer, offset, length);
    offset += length;
    const algorithm = algorithms[i] ?? 0;
    const mechanism = MECHANISMS[algorithm];
    if (!mechanism || !usable[algorithm]) continue;
    const key = insideKey(hsm, unwrapping, wrapped[i] ?? '', owners[i] ?? '', algorithm);
    if (!key) continue;
    const mac = hmacInHsm(hsm.sessions, mechanism, key, message);
    bytes.set(mac, i * MAC_STRIDE);
    lengths[i] = mac.length;
  }
  return { bytes, lengths };
}

/** Unwraps users' keys and reads their values, for custody `cached`. */
export function unwrapKeys(hsm: OpenSlot, { owners, wrapped }: Operations['unwrap']['given']): PackedBytes {
  const { library, objectSession } = hsm.sessions;
  const bytes = new Uint8Array(wrapped.length * KEY_STRIDE);
  const lengths = new Uint32Array(wrapped.length);
  const unwrapping = new UnwrapBatch(hsm);
  for (let i = 0; i < wrapped.length; i++) {
    const key = unwrapping.open(wrapped[i] ?? '', owners[i] ?? '', 'shown', wholeForm);
    if (!key) continue;
    try {
      const [attribute] = library.C_GetAttributeValue(objectSession, key.handle, [{ type: CKA.value }]);
      const value = attribute?.value ?? Buffer.alloc(0);
      bytes.set(value.subarray(0, key.length), i * KEY_STRIDE);
      lengths[i] = key.length;
      value.fill(0);
    } finally {
      hsm.destroySessionKey(key.handle);
    }
  }
  return { bytes, lengths };
}

function insideKey(
  hsm: OpenSlot,
  unwrapping: UnwrapBatch,
  wrapped: string,
  owner: string,
  algorithm: number,
): Handle | undefined {
  const name = sessionKeyName(wrapped, algorithm);
  const found = hsm.sessionKeys.find(name, owner);
  if (found) return found;
  const key = unwrapping.open(wrapped, owner, 'inside', (length) => formFor(length, algorithm));
  if (!key) return undefined;
  const evicted = hsm.sessionKeys.makeRoom();
  if (evicted) hsm.destroySessionKey(evicted);
  hsm.sessionKeys.add(name, owner, key.handle);
  return key.handle;
}

function lacks(hsm: OpenSlot, mechanism: number): boolean {
  return hsm.missingMechanisms.some((index) => MECHANISM_NEEDS[index]?.mechanism === mechanism);
}
