import { hash } from 'node:crypto';
import { VaultUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type {
  DerivedKeyPurpose,
  KeyOwner,
  KeyVault,
  MacRequest,
  PublicKey,
  RewrapRequest,
  Signature,
  WrappedKey,
  WrapRequest,
} from '../../ports/key-vault.ts';
import type { UnwrappedKeys } from '../vault-keys/unwrapped-keys.ts';
import { CachedKeyMacs } from './cached-key-macs.ts';
import type { HsmThread } from './hsm-thread.ts';
import { ALGORITHM_CODES, MAC_STRIDE, ownedKeysOf, packBytes, stridedPart } from './thread-messages.ts';

/**
 * The key vault in an HSM, by PKCS#11. Key-encryption, signing and deriving keys are made there and never leave.
 * Custody `hsm`: users' keys are unwrapped inside alone, and each MAC is computed there. Custody `cached`: they are
 * unwrapped into this process and kept for a while, as the sealed file's are.
 *
 * What was lost heals by itself: until then calls fail with `VaultUnavailable`. Several servers may use the same keys:
 * a version that one makes is used by the others within a second (`LIMITS.hsmListingAgeMs`), and understood at once.
 */
export class Pkcs11Vault implements KeyVault {
  readonly custody: 'hsm' | 'cached';
  readonly #thread: HsmThread;
  /** Where custody is `cached`. */
  readonly #cached: CachedKeyMacs | undefined;
  #closed = false;

  constructor(thread: HsmThread, unwrapped: UnwrappedKeys | undefined) {
    this.custody = unwrapped ? 'cached' : 'hsm';
    this.#thread = thread;
    this.#cached = unwrapped && new CachedKeyMacs(thread, unwrapped);
  }

  async generateSeed(length: number, owner: KeyOwner): Promise<{ wrapped: WrappedKey; seed: Uint8Array }> {
    if (!Number.isInteger(length) || length < LIMITS.vaultSeedBytesMin || length > LIMITS.vaultKeyBytesMax) {
      throw new RangeError(
        `a seed has ${LIMITS.vaultSeedBytesMin} to ${LIMITS.vaultKeyBytesMax} bytes, not ${length}`,
      );
    }
    return this.#thread.call('seed', { length, owner });
  }

  async wrap(requests: readonly WrapRequest[]): Promise<readonly WrappedKey[]> {
    for (const { key } of requests) {
      if (key.length > 0 && key.length <= LIMITS.vaultKeyBytesMax) continue;
      throw new RangeError(`a wrapped key has 1 to ${LIMITS.vaultKeyBytesMax} bytes, not ${key.length}`);
    }
    const keys = packBytes(requests.map(({ key }) => key));
    const owners = requests.map(({ owner }) => owner);
    return this.#thread.call('wrap', { owners, keys }, requests.length, [keys.bytes.buffer]);
  }

  computeMacs(requests: readonly MacRequest[]): Promise<readonly (Uint8Array | undefined)[]> {
    if (this.#closed) return Promise.reject(new VaultUnavailable('the key vault is closed'));
    return this.#cached?.compute(requests) ?? this.#macsInside(requests);
  }

  deriveKey(purpose: DerivedKeyPurpose, context: string): Promise<Uint8Array> {
    return this.#thread.call('derive', { purpose, context });
  }

  async sign(messages: readonly Uint8Array[]): Promise<readonly Signature[]> {
    const digests = new Uint8Array(messages.length * 32);
    for (const [i, message] of messages.entries()) digests.set(hash('sha256', message, 'buffer'), i * 32);
    const { keyId, signatures } = await this.#thread.call('sign', { digests }, messages.length);
    return messages.map((_, i) => ({ keyId, signature: signatures.slice(i * 64, (i + 1) * 64) }));
  }

  async publicKeys(): Promise<readonly PublicKey[]> {
    const { publicKeys } = await this.#thread.call('versions', {});
    return publicKeys.map((jwk, index) => ({ jwk, active: index === 0 }));
  }

  async activeKeyVersion(): Promise<number> {
    return (await this.#thread.call('versions', {})).active;
  }

  createKeyVersion(): Promise<number> {
    return this.#thread.call('create', {});
  }

  /** One that is wrapped under the active version already, and opens, comes back as it is. */
  rewrap(requests: readonly RewrapRequest[]): Promise<readonly (WrappedKey | undefined)[]> {
    return this.#thread.call('rewrap', ownedKeysOf(requests), requests.length);
  }

  async destroyKeyVersionsBelow(version: number): Promise<void> {
    await this.#thread.call('destroy', { below: version });
    this.#cached?.clear();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cached?.close();
    await this.#thread.close();
  }

  async #macsInside(requests: readonly MacRequest[]): Promise<readonly (Uint8Array | undefined)[]> {
    const messages = packBytes(requests.map(({ message }) => message));
    const algorithms = Uint8Array.from(requests, ({ algorithm }) => ALGORITHM_CODES[algorithm]);
    const given = { ...ownedKeysOf(requests), algorithms, messages };
    const macs = await this.#thread.call('macs', given, requests.length, [messages.bytes.buffer]);
    return requests.map((_, i) => stridedPart(macs, i, MAC_STRIDE));
  }
}
