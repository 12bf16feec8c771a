import type { KeyOwner, WrappedKey } from '../../ports/key-vault.ts';
import { IV_BYTES, openWrapped, ownerContext, sealWrapped, versionOf } from '../vault-keys/wrapped-key.ts';
import { userKeyTemplate } from './attribute-templates.ts';
import { CKA, CKM, CKR } from './constants.ts';
import { type Handle, returnValueOf } from './cryptoki.ts';
import { formsOf, splitBlobs } from './hmac-key-forms.ts';
import type { OpenSlot } from './hsm.ts';
import type { KeyVersion } from './key-listing.ts';
import type { Sessions } from './slot-connection.ts';

/*
 * A user's key is wrapped by the HSM (AES key wrap with padding, RFC 5649: no associated data, and the same key looks
 * the same), and that once more by AES-256-GCM in this process, under a key that the HSM derives for the owner by
 * HMAC. So it is bound to its owner and version, looks different each time, and inside is still what only the HSM opens.
 */

const WRAP = { mechanism: CKM.aesKeyWrapPad };
const HMAC_256 = { mechanism: CKM.sha256Hmac };
const BLOB_BYTES_MAX = 256;
const EVICTED_WHEN_FULL = 64;

const digest = Buffer.alloc(64);

/** HMAC under a key of the HSM. @returns a view that the next call overwrites */
export function hmacInHsm(
  { library, operationSession, reportProgress }: Sessions,
  mechanism: { readonly mechanism: number },
  key: Handle,
  message: Buffer,
): Buffer {
  library.C_SignInit(operationSession, mechanism, key);
  // Libraries refuse a null pointer, which an empty buffer is passed as.
  const mac =
    message.length === 0
      ? library.C_SignFinal(operationSession, digest)
      : library.C_Sign(operationSession, message, digest);
  reportProgress();
  return mac;
}

/** HMAC-SHA256 under a key of the HSM; the caller overwrites it after use. */
export function hmac256({ sessions }: OpenSlot, key: Handle, message: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hmacInHsm(sessions, HMAC_256, key, message));
}

/** Opens wrapped keys of one batch: an unknown version is looked for once. */
export class UnwrapBatch {
  readonly #hsm: OpenSlot;
  #listed = false;

  constructor(hsm: OpenSlot) {
    this.#hsm = hsm;
  }

  /**
   * @param form which of the forms that the key is kept in, see src/adapters/vault-pkcs11/hmac-key-forms.ts
   * @returns it as an object of the keeper's session, which the caller destroys; `undefined` where it does not open
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
    // Every form is a whole number of words, so this is exact.
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

  /** @returns what the HSM wrapped, once the binding to the owner has proved right */
  openBlobs(
    wrapped: WrappedKey,
    owner: KeyOwner,
  ): { readonly version: KeyVersion; readonly length: number; readonly blobs: Buffer[] } | undefined {
    const version = this.#versionOf(wrapped);
    if (!version) return undefined;
    const ownKey = hmac256(this.#hsm, version.bind, ownerContext(owner));
    const content = openWrapped(ownKey, wrapped, owner);
    ownKey.fill(0);
    if (!content) return undefined;
    const length = content[0] ?? 0;
    return { version, length, blobs: splitBlobs(length, content.subarray(1)) };
  }

  #versionOf(wrapped: WrappedKey): KeyVersion | undefined {
    const version = versionOf(wrapped);
    if (version < 1) return undefined;
    const known = this.#hsm.version(version);
    if (known || this.#listed) return known;
    // Another server may have made it.
    this.#listed = true;
    this.#hsm.relistKeys();
    return this.#hsm.version(version);
  }
}

/** Wraps objects of the keeper's session, the forms of one key of `length` bytes, for its owner under this version. */
export function wrapObjects(
  hsm: OpenSlot,
  version: KeyVersion,
  owner: KeyOwner,
  forms: readonly Handle[],
  length: number,
): WrappedKey {
  const { library, operationSession, reportProgress } = hsm.sessions;
  const blobs = forms.map((key) =>
    library.C_WrapKey(operationSession, WRAP, version.kek, key, Buffer.alloc(BLOB_BYTES_MAX)),
  );
  const ownKey = hmac256(hsm, version.bind, ownerContext(owner));
  const content = Buffer.concat([Uint8Array.of(length), ...blobs]);
  const wrapped = sealWrapped(ownKey, version.version, owner, content, randomFromHsm(hsm, IV_BYTES));
  ownKey.fill(0);
  reportProgress();
  return wrapped;
}

/** Takes a key into the HSM for the instant in which it is wrapped. */
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

export function randomFromHsm({ sessions: { library, operationSession } }: OpenSlot, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  library.C_GenerateRandom(operationSession, bytes);
  return bytes;
}
