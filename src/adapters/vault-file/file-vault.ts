import { sign } from 'node:crypto';
import { promisify } from 'node:util';
import { VaultUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../ports/clock.ts';
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
import type { Random } from '../../ports/random.ts';
import { mac, macWithShortKey, wipeScratch } from '../vault-keys/hmac.ts';
import { UnwrappedKeys } from '../vault-keys/unwrapped-keys.ts';
import { IV_BYTES, unwrapKey, versionOf, wrapKey } from '../vault-keys/wrapped-key.ts';
import {
  activeEncryptionKey,
  activeSigningKey,
  type KeySet,
  wipeKeys,
  withNewVersion,
  withoutVersionsBelow,
} from './key-set.ts';
import type { SealedFile } from './sealed-file.ts';

export interface FileVaultSettings {
  readonly random: Random;
  readonly clock: Clock;
  readonly elapsedMs: () => number;
  readonly unwrappedKeysMax: number;
  readonly unwrappedKeyTimeMs: number;
}

const signAsync = promisify(sign);

/**
 * The key vault in a file sealed by a passphrase. Keys are in this process's memory while it is open, and overwritten
 * when it closes; copies that JavaScript strings may have made while the file was read are the collector's.
 *
 * One process changes the file at a time: a change made by another since it was read is noticed and refused.
 * A change is durable in the file before it is used. Destroyed keys leave the file, not its backups.
 */
export class FileVault implements KeyVault {
  readonly custody = 'cached';
  readonly #file: SealedFile;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #unwrapped: UnwrappedKeys;
  readonly #encryptionKeys = new Map<number, Buffer>();
  #keys: KeySet;
  #publicKeys: readonly PublicKey[] = [];
  #changing: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(file: SealedFile, keys: KeySet, options: FileVaultSettings) {
    this.#file = file;
    this.#random = options.random;
    this.#clock = options.clock;
    this.#keys = keys;
    this.#unwrapped = new UnwrappedKeys(
      options.unwrappedKeysMax,
      options.unwrappedKeyTimeMs,
      options.elapsedMs,
    );
    this.#use(keys);
  }

  get path(): string {
    return this.#file.path;
  }

  async generateSeed(length: number, owner: KeyOwner): Promise<{ wrapped: WrappedKey; seed: Uint8Array }> {
    this.#assertOpen();
    if (!Number.isInteger(length) || length < LIMITS.vaultSeedBytesMin || length > LIMITS.vaultKeyBytesMax) {
      throw new RangeError(
        `a seed has ${LIMITS.vaultSeedBytesMin} to ${LIMITS.vaultKeyBytesMax} bytes, not ${length}`,
      );
    }
    const seed = this.#random.bytes(length);
    const [wrapped] = this.#wrapAll([{ owner, key: seed }]);
    if (wrapped === undefined) throw new Error('a seed was not wrapped');
    return { wrapped, seed };
  }

  async wrap(requests: readonly WrapRequest[]): Promise<readonly WrappedKey[]> {
    this.#assertOpen();
    return this.#wrapAll(requests);
  }

  async computeMacs(requests: readonly MacRequest[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#assertOpen();
    this.#unwrapped.expire();
    try {
      return requests.map((request) => this.#computeMac(request));
    } finally {
      wipeScratch();
    }
  }

  async deriveKey(purpose: DerivedKeyPurpose, context: string): Promise<Uint8Array> {
    this.#assertOpen();
    const key = mac('sha256', this.#keys.masterKeys[purpose], Buffer.from(context));
    wipeScratch();
    return key;
  }

  async sign(messages: readonly Uint8Array[]): Promise<readonly Signature[]> {
    this.#assertOpen();
    const { jwk, privateKey } = activeSigningKey(this.#keys);
    if (!privateKey) throw new Error('the active signing key has no private half');
    // In the thread pool: a P-256 signature takes as long as twenty MACs.
    return Promise.all(
      messages.map(async (message) => ({
        keyId: jwk.kid,
        signature: await signAsync('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
      })),
    );
  }

  async publicKeys(): Promise<readonly PublicKey[]> {
    this.#assertOpen();
    return this.#publicKeys;
  }

  async activeKeyVersion(): Promise<number> {
    this.#assertOpen();
    return activeEncryptionKey(this.#keys).version;
  }

  /** When each key-encryption key was made (ms since 1970), oldest first. */
  keyVersions(): readonly {
    readonly version: number;
    readonly createdAt: number;
    readonly active: boolean;
  }[] {
    this.#assertOpen();
    const active = activeEncryptionKey(this.#keys).version;
    return this.#keys.encryptionKeys.map(({ version, createdAt }) => ({
      version,
      createdAt,
      active: version === active,
    }));
  }

  createKeyVersion(): Promise<number> {
    return this.#change(async () => {
      if (this.#keys.signingKeys.length >= LIMITS.keyVersionsMax) {
        throw new VaultUnavailable(
          `the key vault ${this.path} holds ${LIMITS.keyVersionsMax} signing keys, its most`,
        );
      }
      const keys = withNewVersion(this.#keys, this.#random, this.#clock.now());
      await this.#file.write(keys);
      this.#use(keys);
      return activeEncryptionKey(keys).version;
    });
  }

  /** One that is wrapped under the active version already, and opens, comes back as it is. */
  async rewrap(requests: readonly RewrapRequest[]): Promise<readonly (WrappedKey | undefined)[]> {
    this.#assertOpen();
    const active = activeEncryptionKey(this.#keys).version;
    try {
      return requests.map(({ owner, wrapped }) => {
        const key = this.#unwrap(wrapped, owner);
        if (!key) return undefined;
        const rewrapped = versionOf(wrapped) === active ? wrapped : this.#wrapAll([{ owner, key }])[0];
        key.fill(0);
        return rewrapped;
      });
    } finally {
      wipeScratch();
    }
  }

  destroyKeyVersionsBelow(version: number): Promise<void> {
    return this.#change(async () => {
      const active = activeEncryptionKey(this.#keys).version;
      if (!Number.isInteger(version) || version > active) {
        throw new RangeError(
          `key version ${active} is active: versions below ${version} cannot be destroyed`,
        );
      }
      const destroyed = this.#keys.encryptionKeys.filter((key) => key.version < version);
      if (destroyed.length === 0) return;
      const keys = withoutVersionsBelow(this.#keys, version);
      await this.#file.write(keys);
      this.#use(keys);
      this.#unwrapped.clear();
      for (const { key } of destroyed) key.fill(0);
    });
  }

  /** Seals the file under another passphrase. Its backups still open with the old one. */
  changePassphrase(passphrase: string): Promise<void> {
    return this.#change(async () => {
      if (passphrase === '') throw new RangeError('a passphrase is not empty');
      await this.#file.writeUnder(passphrase, this.#keys);
    });
  }

  /** The file's bytes, for a backup: whole also while the file is being replaced. They open with today's passphrase. */
  async sealedCopy(): Promise<Buffer> {
    this.#assertOpen();
    return this.#file.copy();
  }

  close(): Promise<void> {
    this.#closing ??= this.#changing.then(() => {
      this.#unwrapped.close();
      wipeKeys(this.#keys);
      this.#file.wipe();
    });
    return this.#closing;
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

  #wrapAll(requests: readonly WrapRequest[]): WrappedKey[] {
    const { key: encryptionKey, version } = activeEncryptionKey(this.#keys);
    const ivs = this.#random.bytes(IV_BYTES * requests.length);
    const wrapped = requests.map(({ owner, key }, i) => {
      if (key.length === 0 || key.length > LIMITS.vaultKeyBytesMax) {
        throw new RangeError(`a wrapped key has 1 to ${LIMITS.vaultKeyBytesMax} bytes, not ${key.length}`);
      }
      return wrapKey(encryptionKey, version, owner, key, ivs.subarray(i * IV_BYTES, (i + 1) * IV_BYTES));
    });
    wipeScratch();
    return wrapped;
  }

  #use(keys: KeySet): void {
    this.#keys = keys;
    this.#publicKeys = keys.signingKeys.map(({ jwk, privateKey }) => ({
      jwk,
      active: privateKey !== undefined,
    }));
    this.#encryptionKeys.clear();
    for (const { version, key } of keys.encryptionKeys) this.#encryptionKeys.set(version, key);
  }

  /** Changes run one after the other, and a failed one leaves all as it was. */
  #change<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changing.then(() => {
      this.#assertOpen();
      return change();
    });
    this.#changing = result.catch(() => undefined);
    return result;
  }

  #assertOpen(): void {
    if (this.#closing) throw new VaultUnavailable('the key vault is closed');
  }
}
