import { type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { VaultUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../ports/clock.ts';
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
import type { Random } from '../../ports/random.ts';
import { assertBelowActive, assertSeedLength, GENERATED_KEY_BYTES } from '../vault-keys/bounds.ts';
import { ed25519Key, ed25519PublicKey, signEd25519 } from '../vault-keys/ed25519-seed.ts';
import { mac, wipeScratch } from '../vault-keys/hmac.ts';
import { UnwrappedKeys } from '../vault-keys/unwrapped-keys.ts';
import { agree, newIdentityKey, signDigest } from './identity-keys.ts';
import {
  activeEncryptionKey,
  activeMasterKeys,
  activeSigningKey,
  goodMasterKeys,
  type KeySet,
  versionLives,
  wipeKeys,
  withLogSeed,
  withNewVersion,
  withoutVersionsBelow,
} from './key-set.ts';
import type { SealedFile } from './sealed-file.ts';
import { UserKeys } from './user-keys.ts';

export interface FileVaultSettings {
  readonly random: Random;
  readonly clock: Clock;
  readonly elapsedMs: () => number;
  readonly unwrappedKeysMax: number;
  readonly unwrappedKeyTimeMs: number;
}

const signAsync = promisify(sign);

/**
 * The key vault in a file sealed by a passphrase. Keys are in this process's memory while the vault is open, and are
 * overwritten when it closes. Copies in JavaScript strings, made while the file was read, are left to the garbage
 * collector.
 *
 * One process changes the file at a time: a change that another process made since this one read the file is detected
 * and refused. A change is durable in the file before it is used. Destroyed keys leave the file, not its backups.
 */
export class FileVault implements KeyVault {
  readonly custody = 'cached';
  readonly #file: SealedFile;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #userKeys: UserKeys;
  #keys: KeySet;
  #publicKeys: readonly PublicKey[] = [];
  #changing: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(file: SealedFile, keys: KeySet, options: FileVaultSettings) {
    this.#file = file;
    this.#random = options.random;
    this.#clock = options.clock;
    this.#keys = keys;
    const { unwrappedKeysMax, unwrappedKeyTimeMs, elapsedMs } = options;
    const unwrapped = new UnwrappedKeys(unwrappedKeysMax, unwrappedKeyTimeMs, elapsedMs);
    this.#userKeys = new UserKeys(keys, options.random, unwrapped);
    this.#use(keys);
  }

  get path(): string {
    return this.#file.path;
  }

  async generateSeed(length: number, owner: KeyOwner): Promise<{ wrapped: WrappedKey; seed: Uint8Array }> {
    this.#assertOpen();
    assertSeedLength(length);
    const seed = this.#random.bytes(length);
    const [wrapped] = this.#userKeys.wrap([{ owner, key: seed }]);
    if (wrapped === undefined) throw new Error('a seed was not wrapped');
    return { wrapped, seed };
  }

  async generateKey(owner: KeyOwner): Promise<WrappedKey> {
    const { wrapped, seed } = await this.generateSeed(GENERATED_KEY_BYTES, owner);
    seed.fill(0);
    return wrapped;
  }

  async deriveFromKey({ owner, wrapped, context }: DerivationRequest): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    const message = Buffer.from(context);
    return this.#userKeys.computeMacs([{ owner, wrapped, algorithm: 'sha256', message }])[0];
  }

  async generateKeyPair(use: KeyPairUse, owner: KeyOwner): Promise<GeneratedKeyPair> {
    this.#assertOpen();
    const { content, publicPoint } = newIdentityKey(use);
    const [wrapped] = this.#userKeys.wrap([{ owner, key: content }]);
    content.fill(0);
    if (wrapped === undefined) throw new Error('a key was not wrapped');
    return { wrapped, publicPoint };
  }

  async signByKeys(requests: readonly KeySignatureRequest[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#assertOpen();
    return requests.map((request) => signDigest(this.#userKeys.open(request), request));
  }

  async agreeByKeys(requests: readonly KeyAgreementRequest[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#assertOpen();
    return requests.map((request) => agree(this.#userKeys.open(request), request));
  }

  async wrap(requests: readonly WrapRequest[]): Promise<readonly WrappedKey[]> {
    this.#assertOpen();
    return this.#userKeys.wrap(requests);
  }

  async computeMacs(requests: readonly MacRequest[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#assertOpen();
    return this.#userKeys.computeMacs(requests);
  }

  async deriveKey(purpose: DerivedKeyPurpose, context: string): Promise<Uint8Array> {
    this.#assertOpen();
    const key = mac('sha256', activeMasterKeys(this.#keys).keys[purpose], Buffer.from(context));
    wipeScratch();
    return key;
  }

  async deriveKeys(purpose: DerivedKeyPurpose, context: string): Promise<readonly DerivedKey[]> {
    this.#assertOpen();
    const derived = goodMasterKeys(this.#keys, this.#clock.now()).map(({ version, createdAt, keys }) => ({
      version,
      createdAt,
      key: mac('sha256', keys[purpose], Buffer.from(context)),
    }));
    wipeScratch();
    return derived.reverse();
  }

  async sign(messages: readonly Uint8Array[]): Promise<readonly Signature[]> {
    this.#assertOpen();
    const { jwk, privateKey } = activeSigningKey(this.#keys);
    if (!privateKey) throw new Error('the active signing key has no private half');
    // In the thread pool, because a P-256 signature takes as long as twenty MACs.
    return Promise.all(
      messages.map(async (message) => ({
        keyId: jwk.kid,
        signature: await signAsync('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
      })),
    );
  }

  async logPublicKey(): Promise<Uint8Array> {
    return ed25519PublicKey(await this.#logKey());
  }

  async signLog(message: Uint8Array): Promise<Uint8Array> {
    return signEd25519(await this.#logKey(), message);
  }

  async publicKeys(): Promise<readonly PublicKey[]> {
    this.#assertOpen();
    return this.#publicKeys;
  }

  async listKeyVersions(): Promise<readonly KeyVersionLife[]> {
    this.#assertOpen();
    return versionLives(this.#keys);
  }

  async activeKeyVersion(): Promise<number> {
    this.#assertOpen();
    return activeEncryptionKey(this.#keys).version;
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

  async rewrap(requests: readonly RewrapRequest[]): Promise<readonly (WrappedKey | undefined)[]> {
    this.#assertOpen();
    return this.#userKeys.rewrap(requests);
  }

  destroyKeyVersionsBelow(version: number): Promise<void> {
    return this.#change(async () => {
      assertBelowActive(version, activeEncryptionKey(this.#keys).version);
      const destroyed = this.#keys.encryptionKeys.filter((key) => key.version < version);
      if (destroyed.length === 0) return;
      const keys = withoutVersionsBelow(this.#keys, version);
      await this.#file.write(keys);
      this.#use(keys);
      this.#userKeys.clear();
      for (const { key } of destroyed) key.fill(0);
    });
  }

  /** Reseals the file with another passphrase. Backups still open with the old one. */
  changePassphrase(passphrase: string): Promise<void> {
    return this.#change(async () => {
      if (passphrase === '') throw new RangeError('a passphrase is not empty');
      await this.#file.writeUnder(passphrase, this.#keys);
    });
  }

  /** Returns the file's bytes for a backup, complete even while the file is being replaced. They open with the current passphrase. */
  async sealedCopy(): Promise<Buffer> {
    this.#assertOpen();
    return this.#file.copy();
  }

  close(): Promise<void> {
    this.#closing ??= this.#changing.then(() => {
      this.#userKeys.close();
      wipeKeys(this.#keys);
      this.#file.wipe();
    });
    return this.#closing;
  }

  /** Makes it where the file is of before and has none. */
  async #logKey(): Promise<KeyObject> {
    this.#assertOpen();
    if (!this.#keys.logSeed) {
      await this.#change(async () => {
        if (this.#keys.logSeed) return;
        const keys = withLogSeed(this.#keys, this.#random);
        await this.#file.write(keys);
        this.#use(keys);
      });
    }
    if (!this.#keys.logSeed) throw new Error('a vault has no key for the log');
    return ed25519Key(this.#keys.logSeed);
  }

  #use(keys: KeySet): void {
    this.#keys = keys;
    this.#publicKeys = keys.signingKeys.map(({ jwk, privateKey }) => ({
      jwk,
      active: privateKey !== undefined,
    }));
    this.#userKeys.use(keys);
  }

  /** Runs changes one after the other. A failed change leaves everything unchanged. */
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
