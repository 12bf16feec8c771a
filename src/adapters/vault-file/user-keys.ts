import type { KeyOwner, MacRequest, RewrapRequest, WrappedKey, WrapRequest } from '../../ports/key-vault.ts';
import type { Random } from '../../ports/random.ts';
import { IV_BYTES } from '../vault-keys/aes-gcm.ts';
import { assertKeyLength } from '../vault-keys/bounds.ts';
import { mac, macWithShortKey, wipeScratch } from '../vault-keys/hmac.ts';
import type { UnwrappedKeys } from '../vault-keys/unwrapped-keys.ts';
import { unwrapKey, versionOf, wrapKey } from '../vault-keys/wrapped-key.ts';
import { activeEncryptionKey, type KeySet } from './key-set.ts';

/** Wraps, unwraps and uses users' keys with the key-encryption keys of a key set. */
export class UserKeys {
  readonly #random: Random;
  readonly #unwrapped: UnwrappedKeys;
  readonly #encryptionKeys = new Map<number, Buffer>();
  #keySet: KeySet;

  constructor(keySet: KeySet, random: Random, unwrapped: UnwrappedKeys) {
    this.#keySet = keySet;
    this.#random = random;
    this.#unwrapped = unwrapped;
    this.use(keySet);
  }

  /** Replaces the key set. Does NOT forget keys that were unwrapped before (see `clear`). */
  use(keySet: KeySet): void {
    this.#keySet = keySet;
    this.#encryptionKeys.clear();
    for (const { version, key } of keySet.encryptionKeys) this.#encryptionKeys.set(version, key);
  }

  /** Wraps keys under the active key-encryption key. @throws RangeError for a key that is empty or too long */
  wrap(requests: readonly WrapRequest[]): WrappedKey[] {
    const { key: encryptionKey, version } = activeEncryptionKey(this.#keySet);
    const ivs = this.#random.bytes(IV_BYTES * requests.length);
    const wrapped = requests.map(({ owner, key }, i) => {
      assertKeyLength(key);
      return wrapKey(encryptionKey, version, owner, key, ivs.subarray(i * IV_BYTES, (i + 1) * IV_BYTES));
    });
    wipeScratch();
    return wrapped;
  }

  /** Returns a key unchanged when it opens and is wrapped under the active version already. */
  rewrap(requests: readonly RewrapRequest[]): (WrappedKey | undefined)[] {
    const active = activeEncryptionKey(this.#keySet).version;
    try {
      return requests.map(({ owner, wrapped }) => {
        const key = this.#unwrap(wrapped, owner);
        if (!key) return undefined;
        const rewrapped = versionOf(wrapped) === active ? wrapped : this.wrap([{ owner, key }])[0];
        key.fill(0);
        return rewrapped;
      });
    } finally {
      wipeScratch();
    }
  }

  computeMacs(requests: readonly MacRequest[]): (Uint8Array | undefined)[] {
    this.#unwrapped.expire();
    try {
      return requests.map((request) => this.#computeMac(request));
    } finally {
      wipeScratch();
    }
  }

  /** Unwraps a key for one use of it, and does not keep it. @returns the key, which the caller overwrites */
  open({ owner, wrapped }: RewrapRequest): Buffer | undefined {
    try {
      return this.#unwrap(wrapped, owner);
    } finally {
      wipeScratch();
    }
  }

  /** Forgets and overwrites all unwrapped keys. */
  clear(): void {
    this.#unwrapped.clear();
  }

  close(): void {
    this.#unwrapped.close();
  }

  #computeMac({ owner, wrapped, algorithm, message }: MacRequest): Buffer | undefined {
    const found = this.#unwrapped.find(wrapped, owner);
    if (found >= 0) return macWithShortKey(algorithm, this.#unwrapped.words, found, message);
    const key = this.#unwrap(wrapped, owner);
    if (!key) return undefined;
    this.#unwrapped.add(wrapped, owner, key);
    const code = mac(algorithm, key, message);
    key.fill(0);
    return code;
  }

  #unwrap(wrapped: WrappedKey, owner: KeyOwner): Buffer | undefined {
    const encryptionKey = this.#encryptionKeys.get(versionOf(wrapped));
    return encryptionKey && unwrapKey(encryptionKey, wrapped, owner);
  }
}
