import type { KeyOwner, WrappedKey } from '../../ports/key-vault.ts';
import { IV_BYTES } from '../vault-keys/aes-gcm.ts';
import { GENERATED_KEY_BYTES } from '../vault-keys/bounds.ts';
import { openWrapped, ownerContext, sealWrapped, versionOf } from '../vault-keys/wrapped-key.ts';
import { userKeyTemplate } from './attribute-templates.ts';
import { CKA, CKM, CKR } from './constants.ts';
import { type Handle, returnValueOf } from './cryptoki.ts';
import { formsOf, splitBlobs } from './hmac-key-forms.ts';
import type { KeyVersion } from './key-listing.ts';
import type { OpenSlot } from './open-slot.ts';
import { hmac256, randomFromHsm } from './slot-crypto.ts';

/*
 * A user's key is wrapped twice. First the HSM wraps it (AES key wrap with padding, RFC 5649), which has no associated
 * data and is deterministic. Then this process wraps the result by AES-256-GCM, under a key that the HSM derives for the
 * owner by HMAC. So a wrapped key is bound to its owner and version and differs each time, and only the HSM can open it.
 */

export const WRAP = { mechanism: CKM.aesKeyWrapPad };
const BLOB_BYTES_MAX = 256;
const EVICTED_WHEN_FULL = 64;

/**
 * Unwraps the keys of one batch. Lists the keys anew at most once, when a wrapped key names an unknown version.
 *
 * Why: docs/DECISIONS.md#hsm-keys-are-wrapped-twice
 */
export class UnwrapBatch {
  readonly #hsm: OpenSlot;
  #listed = false;

  constructor(hsm: OpenSlot) {
    this.#hsm = hsm;
  }

  /**
   * Unwraps one form of a key into a session object.
   * @param form the index of the form (src/adapters/vault-pkcs11/hmac-key-forms.ts) for a key of `length` bytes
   * @returns the object, which the caller destroys; `undefined` where the wrapped key does not open for this owner
   */
  open(
    wrapped: WrappedKey,
    owner: KeyOwner,
    use: 'inside' | 'passing' | 'shown',
    form: (length: number) => number,
  ): { readonly handle: Handle; readonly length: number } | undefined {
    const found = this.openBlobs(wrapped, owner);
    const blob = found?.blobs[form(found.length)];
    if (!found || !blob) return undefined;
    const handle = this.unwrap(found.version, blob, use);
    return handle && { handle, length: found.length };
  }

  unwrap(version: KeyVersion, blob: Buffer, use: 'inside' | 'passing' | 'shown'): Handle | undefined {
    const { address, sessions, sessionKeys } = this.#hsm;
    const template = userKeyTemplate(use);
    // Exact, because every form is a whole number of words: key wrap adds no padding, only its 8 bytes.
    if (address.unwrapWithLength) template.push({ type: CKA.valueLen, value: blob.length - 8 });
    const unwrap = () =>
      sessions.library.C_UnwrapKey(sessions.objectSession, WRAP, version.kek, blob, template);
    try {
      return unwrap();
    } catch (error) {
      const value = returnValueOf(error);
      if (value === CKR.wrappedKeyInvalid || value === CKR.wrappedKeyLenRange) return undefined;
      if ((value !== CKR.deviceMemory && value !== CKR.hostMemory) || sessionKeys.size === 0) throw error;
      for (let i = 0; i < EVICTED_WHEN_FULL; i++) {
        const handle = sessionKeys.takeLeastRecent();
        if (handle) this.#hsm.destroySessionKey(handle);
      }
      return unwrap();
    } finally {
      sessions.reportProgress();
    }
  }

  /** Removes the outer wrapping, which verifies the owner. @returns the blobs that the HSM wrapped */
  openBlobs(
    wrapped: WrappedKey,
    owner: KeyOwner,
  ): { readonly version: KeyVersion; readonly length: number; readonly blobs: Buffer[] } | undefined {
    const opened = this.openContent(wrapped, owner);
    const length = opened?.content[0] ?? 0;
    // A private key: private-key-wrapping.ts.
    if (!opened || length === 0) return undefined;
    const { version, content } = opened;
    return { version, length, blobs: splitBlobs(length, content.subarray(1)) };
  }

  openContent(
    wrapped: WrappedKey,
    owner: KeyOwner,
  ): { readonly version: KeyVersion; readonly content: Buffer } | undefined {
    const version = this.#versionOf(wrapped);
    if (!version) return undefined;
    const ownKey = hmac256(this.#hsm, version.bind, ownerContext(owner));
    const content = openWrapped(ownKey, wrapped, owner);
    ownKey.fill(0);
    return content && { version, content };
  }

  #versionOf(wrapped: WrappedKey): KeyVersion | undefined {
    const version = versionOf(wrapped);
    if (version < 1) return undefined;
    const known = this.#hsm.version(version);
    if (known || this.#listed) return known;
    // Another server may have created it.
    this.#listed = true;
    this.#hsm.relistKeys();
    return this.#hsm.version(version);
  }
}

/**
 * Wraps a key for its owner under this version.
 * @param forms session objects: the forms of the key
 * @param length of the key, in bytes
 */
export function wrapObjects(
  hsm: OpenSlot,
  version: KeyVersion,
  owner: KeyOwner,
  forms: readonly Handle[],
  length: number,
): WrappedKey {
  return sealContent(hsm, version, owner, [
    Uint8Array.of(length),
    ...forms.map((key) => wrapInHsm(hsm, version, key)),
  ]);
}

/** Wraps an object by the HSM alone (RFC 5649). */
export function wrapInHsm({ sessions }: OpenSlot, version: KeyVersion, key: Handle): Buffer {
  const { library, operationSession } = sessions;
  return library.C_WrapKey(operationSession, WRAP, version.kek, key, Buffer.alloc(BLOB_BYTES_MAX));
}

/** Adds the outer wrapping, which binds to the owner. */
export function sealContent(
  hsm: OpenSlot,
  version: KeyVersion,
  owner: KeyOwner,
  parts: readonly Uint8Array[],
): WrappedKey {
  const ownKey = hmac256(hsm, version.bind, ownerContext(owner));
  const content = Buffer.concat(parts);
  const wrapped = sealWrapped(ownKey, version.version, owner, content, randomFromHsm(hsm, IV_BYTES));
  ownKey.fill(0);
  hsm.sessions.reportProgress();
  return wrapped;
}

/** Makes a key in the HSM and wraps it for its owner: its value is in the HSM alone, and there for an instant. */
export function generateWrapped(hsm: OpenSlot, version: KeyVersion, owner: KeyOwner): WrappedKey {
  const { library, objectSession } = hsm.sessions;
  const template = [...userKeyTemplate('passing'), { type: CKA.valueLen, value: GENERATED_KEY_BYTES }];
  const key = library.C_GenerateKey(objectSession, { mechanism: CKM.genericSecretKeyGen }, template);
  try {
    return wrapObjects(hsm, version, owner, [key], GENERATED_KEY_BYTES);
  } finally {
    hsm.destroySessionKey(key);
  }
}

/** Wraps a key by importing it into the HSM for an instant. Overwrites the forms it makes, not `key`. */
export function wrapBytes(hsm: OpenSlot, version: KeyVersion, owner: KeyOwner, key: Uint8Array): WrappedKey {
  const { library, objectSession } = hsm.sessions;
  const handles: Handle[] = [];
  try {
    for (const form of formsOf(key)) {
      const template = [...userKeyTemplate('passing'), { type: CKA.value, value: form }];
      handles.push(library.C_CreateObject(objectSession, template));
      form.fill(0);
    }
    return wrapObjects(hsm, version, owner, handles, key.length);
  } finally {
    for (const handle of handles) hsm.destroySessionKey(handle);
  }
}
