import { CKA, CKM } from './constants.ts';
import type { OpenHsm } from './hsm.ts';
import { formFor, insideName, wholeForm } from './key-forms.ts';
import { MECHANISM_NEEDS } from './mechanisms.ts';
import { type Bytes, KEY_STRIDE, MAC_STRIDE, type Operations } from './messages.ts';
import type { Handle } from './native.ts';
import { hmacInside, Unwrapping } from './user-keys.ts';

/** By `ALGORITHM_CODES`. */
const MECHANISMS = [
  { mechanism: CKM.sha1Hmac },
  { mechanism: CKM.sha256Hmac },
  { mechanism: CKM.sha512Hmac },
] as const;

/** HMACs by users' keys, which are unwrapped inside the HSM and stay there for the next time. */
export function computeMacs(hsm: OpenHsm, given: Operations['macs']['given']): Bytes {
  const { owners, wrapped, algorithms, messages } = given;
  const bytes = new Uint8Array(wrapped.length * MAC_STRIDE);
  const lengths = new Uint32Array(wrapped.length);
  const unwrapping = new Unwrapping(hsm);
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
    const mac = hmacInside(hsm.sessions, mechanism, key, message);
    bytes.set(mac, i * MAC_STRIDE);
    lengths[i] = mac.length;
  }
  return { bytes, lengths };
}

/** For custody `cached`: the keys' values. */
export function unwrapKeys(hsm: OpenHsm, { owners, wrapped }: Operations['unwrap']['given']): Bytes {
  const { library, keeper } = hsm.sessions;
  const bytes = new Uint8Array(wrapped.length * KEY_STRIDE);
  const lengths = new Uint32Array(wrapped.length);
  const unwrapping = new Unwrapping(hsm);
  for (let i = 0; i < wrapped.length; i++) {
    const key = unwrapping.open(wrapped[i] ?? '', owners[i] ?? '', 'shown', wholeForm);
    if (!key) continue;
    try {
      const [attribute] = library.C_GetAttributeValue(keeper, key.handle, [{ type: CKA.value }]);
      const value = attribute?.value ?? Buffer.alloc(0);
      bytes.set(value.subarray(0, key.length), i * KEY_STRIDE);
      lengths[i] = key.length;
      value.fill(0);
    } finally {
      hsm.destroyInside(key.handle);
    }
  }
  return { bytes, lengths };
}

function insideKey(
  hsm: OpenHsm,
  unwrapping: Unwrapping,
  wrapped: string,
  owner: string,
  algorithm: number,
): Handle | undefined {
  const name = insideName(wrapped, algorithm);
  const found = hsm.inside.find(name, owner);
  if (found) return found;
  const key = unwrapping.open(wrapped, owner, 'inside', (length) => formFor(length, algorithm));
  if (!key) return undefined;
  const evicted = hsm.inside.makeRoom();
  if (evicted) hsm.destroyInside(evicted);
  hsm.inside.add(name, owner, key.handle);
  return key.handle;
}

function lacks(hsm: OpenHsm, mechanism: number): boolean {
  return hsm.missing.some((index) => MECHANISM_NEEDS[index]?.mechanism === mechanism);
}
