import { hash } from 'node:crypto';
import { VaultUnavailable } from '../../domain/errors.ts';
import type {
  DerivationRequest,
  DerivedKey,
  DerivedKeyPurpose,
  GeneratedKeyPair,
  KeyAgreementRequest,
  KeyOwner,
  KeyPairUse,
  KeySignatureRequest,
  KeyVault,
  KeyVersionLife,
  MacRequest,
  PublicKey,
  RewrapRequest,
  Signature,
  WrappedKey,
  WrapRequest,
} from '../../ports/key-vault.ts';
import { assertKeyLength, assertSeedLength } from '../vault-keys/bounds.ts';
import { assertDigest, assertPoint } from '../vault-keys/identity-key.ts';
import type { UnwrappedKeys } from '../vault-keys/unwrapped-keys.ts';
import { CachedKeyMacs } from './cached-key-macs.ts';
import type { HsmThread } from './hsm-thread.ts';
import { MAC_STRIDE, packBytes, stridedPart } from './packed-bytes.ts';
import { ALGORITHM_CODES, ownedKeysOf } from './thread-messages.ts';

/**
 * The key vault in an HSM, by PKCS#11. Key-encryption, signing and derivation keys are created in the HSM and never leave
 * it. Custody `hsm`: users' keys are unwrapped only inside the HSM, which computes each MAC. Custody `cached`: they are
 * unwrapped into this process and kept for a while, as with the sealed file.
 *
 * A lost HSM recovers by itself; until then calls fail with `VaultUnavailable`. Several servers may share the keys: a
 * version that one creates is used by the others within a second (`LIMITS.hsmListingAgeMs`), and opened by them at once.
 */
export class Pkcs11Vault implements KeyVault {
  readonly custody: 'hsm' | 'cached';
  readonly #thread: HsmThread;
  /** Set when custody is `cached`. */
  readonly #cached: CachedKeyMacs | undefined;
  #closed = false;

  constructor(thread: HsmThread, unwrapped: UnwrappedKeys | undefined) {
    this.custody = unwrapped ? 'cached' : 'hsm';
    this.#thread = thread;
    this.#cached = unwrapped && new CachedKeyMacs(thread, unwrapped);
  }

  async generateSeed(length: number, owner: KeyOwner): Promise<{ wrapped: WrappedKey; seed: Uint8Array }> {
    assertSeedLength(length);
    return this.#thread.call('seed', { length, owner });
  }

  generateKey(owner: KeyOwner): Promise<WrappedKey> {
    return this.#thread.call('key', { owner });
  }

  async deriveFromKey({ owner, wrapped, context }: DerivationRequest): Promise<Uint8Array | undefined> {
    const message = Buffer.from(context);
    return (await this.#macsInside([{ owner, wrapped, algorithm: 'sha256', message }]))[0];
  }

  generateKeyPair(use: KeyPairUse, owner: KeyOwner): Promise<GeneratedKeyPair> {
    return this.#thread.call('keyPair', { use, owner });
  }

  async signByKeys(requests: readonly KeySignatureRequest[]): Promise<readonly (Uint8Array | undefined)[]> {
    for (const { digest } of requests) assertDigest(digest);
    const digests = joined(requests.map(({ digest }) => digest));
    return this.#thread.call('signByKeys', { ...ownedKeysOf(requests), digests }, requests.length);
  }

  async agreeByKeys(requests: readonly KeyAgreementRequest[]): Promise<readonly (Uint8Array | undefined)[]> {
    for (const { publicPoint } of requests) assertPoint(publicPoint);
    const points = joined(requests.map(({ publicPoint }) => publicPoint));
    return this.#thread.call('agreeByKeys', { ...ownedKeysOf(requests), points }, requests.length);
  }

  async wrap(requests: readonly WrapRequest[]): Promise<readonly WrappedKey[]> {
    for (const { key } of requests) assertKeyLength(key);
    const keys = packBytes(requests.map(({ key }) => key));
    const owners = requests.map(({ owner }) => owner);
    return this.#thread.call('wrap', { owners, keys }, requests.length, [keys.bytes.buffer]);
  }

  computeMacs(requests: readonly MacRequest[]): Promise<readonly (Uint8Array | undefined)[]> {
    if (this.#closed) return Promise.reject(new VaultUnavailable('the key vault is closed'));
    return this.#cached?.compute(requests) ?? this.#macsInside(requests);
  }

  async deriveKey(purpose: DerivedKeyPurpose, context: string): Promise<Uint8Array> {
    const [newest] = await this.deriveKeys(purpose, context);
    if (!newest) throw new Error('the HSM derived no key');
    return newest.key;
  }

  deriveKeys(purpose: DerivedKeyPurpose, context: string): Promise<readonly DerivedKey[]> {
    return this.#thread.call('derive', { purpose, context });
  }

  async sign(messages: readonly Uint8Array[]): Promise<readonly Signature[]> {
    const digests = new Uint8Array(messages.length * 32);
    for (const [i, message] of messages.entries()) digests.set(hash('sha256', message, 'buffer'), i * 32);
    const { keyId, signatures } = await this.#thread.call('sign', { digests }, messages.length);
    return messages.map((_, i) => ({ keyId, signature: signatures.slice(i * 64, (i + 1) * 64) }));
  }

  logPublicKey(): Promise<Uint8Array> {
    return this.#thread.call('logPublicKey', {});
  }

  signLog(message: Uint8Array): Promise<Uint8Array> {
    return this.#thread.call('signLog', { message: Uint8Array.from(message) });
  }

  async publicKeys(): Promise<readonly PublicKey[]> {
    const { publicKeys } = await this.#thread.call('versions', {});
    return publicKeys.map((jwk, index) => ({ jwk, active: index === 0 }));
  }

  async listKeyVersions(): Promise<readonly KeyVersionLife[]> {
    return (await this.#thread.call('versions', {})).lives;
  }

  async activeKeyVersion(): Promise<number> {
    return (await this.#thread.call('versions', {})).active;
  }

  createKeyVersion(): Promise<number> {
    return this.#thread.call('create', {});
  }

  /** Returns a key unchanged when it opens and is wrapped under the active version already. */
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

/** In memory of its own, as messages between threads take it. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return packBytes(parts).bytes;
}
