import type { KeyVault } from '../../ports/key-vault.ts';

export type VaultCall =
  | 'generateSeed'
  | 'generateKey'
  | 'deriveFromKey'
  | 'generateKeyPair'
  | 'signByKeys'
  | 'agreeByKeys'
  | 'wrap'
  | 'computeMacs'
  | 'deriveKey'
  | 'deriveKeys'
  | 'sign'
  | 'logPublicKey'
  | 'signLog'
  | 'publicKeys'
  | 'listKeyVersions'
  | 'activeKeyVersion'
  | 'createKeyVersion'
  | 'rewrap'
  | 'destroyKeyVersionsBelow';

export interface VaultCallStatistics {
  calls: number;
  /** How many of them threw. */
  failures: number;
  /** Keys, messages or requests in all calls. */
  items: number;
  /** Total duration of the calls. */
  ms: number;
}

/** Passes all calls on to a vault and counts and times them, for the metrics. */
export class InstrumentedVault implements KeyVault {
  readonly custody: KeyVault['custody'];
  readonly statistics = new Map<VaultCall, VaultCallStatistics>();
  readonly #vault: KeyVault;
  #listener: ((call: VaultCall, ms: number) => void) | undefined;

  constructor(vault: KeyVault) {
    this.#vault = vault;
    this.custody = vault.custody;
  }

  /** Sets the listener that is called as each call ends, failed or not. */
  onCall(listener: (call: VaultCall, ms: number) => void): void {
    this.#listener = listener;
  }

  generateSeed: KeyVault['generateSeed'] = (...given) =>
    this.#counted('generateSeed', 1, () => this.#vault.generateSeed(...given));
  generateKey: KeyVault['generateKey'] = (owner) =>
    this.#counted('generateKey', 1, () => this.#vault.generateKey(owner));
  deriveFromKey: KeyVault['deriveFromKey'] = (request) =>
    this.#counted('deriveFromKey', 1, () => this.#vault.deriveFromKey(request));
  generateKeyPair: KeyVault['generateKeyPair'] = (...given) =>
    this.#counted('generateKeyPair', 1, () => this.#vault.generateKeyPair(...given));
  signByKeys: KeyVault['signByKeys'] = (requests) =>
    this.#counted('signByKeys', requests.length, () => this.#vault.signByKeys(requests));
  agreeByKeys: KeyVault['agreeByKeys'] = (requests) =>
    this.#counted('agreeByKeys', requests.length, () => this.#vault.agreeByKeys(requests));
  wrap: KeyVault['wrap'] = (requests) =>
    this.#counted('wrap', requests.length, () => this.#vault.wrap(requests));
  computeMacs: KeyVault['computeMacs'] = (requests) =>
    this.#counted('computeMacs', requests.length, () => this.#vault.computeMacs(requests));
  deriveKey: KeyVault['deriveKey'] = (...given) =>
    this.#counted('deriveKey', 1, () => this.#vault.deriveKey(...given));
  deriveKeys: KeyVault['deriveKeys'] = (...given) =>
    this.#counted('deriveKeys', 1, () => this.#vault.deriveKeys(...given));
  sign: KeyVault['sign'] = (messages) =>
    this.#counted('sign', messages.length, () => this.#vault.sign(messages));
  logPublicKey: KeyVault['logPublicKey'] = () =>
    this.#counted('logPublicKey', 1, () => this.#vault.logPublicKey());
  signLog: KeyVault['signLog'] = (message) => this.#counted('signLog', 1, () => this.#vault.signLog(message));
  publicKeys: KeyVault['publicKeys'] = () => this.#counted('publicKeys', 1, () => this.#vault.publicKeys());
  listKeyVersions: KeyVault['listKeyVersions'] = () =>
    this.#counted('listKeyVersions', 1, () => this.#vault.listKeyVersions());
  activeKeyVersion: KeyVault['activeKeyVersion'] = () =>
    this.#counted('activeKeyVersion', 1, () => this.#vault.activeKeyVersion());
  createKeyVersion: KeyVault['createKeyVersion'] = () =>
    this.#counted('createKeyVersion', 1, () => this.#vault.createKeyVersion());
  rewrap: KeyVault['rewrap'] = (requests) =>
    this.#counted('rewrap', requests.length, () => this.#vault.rewrap(requests));
  destroyKeyVersionsBelow: KeyVault['destroyKeyVersionsBelow'] = (version) =>
    this.#counted('destroyKeyVersionsBelow', 1, () => this.#vault.destroyKeyVersionsBelow(version));

  close(): Promise<void> {
    return this.#vault.close();
  }

  async #counted<T>(name: VaultCall, items: number, call: () => Promise<T>): Promise<T> {
    let count = this.statistics.get(name);
    if (!count) {
      count = { calls: 0, failures: 0, items: 0, ms: 0 };
      this.statistics.set(name, count);
    }
    count.calls++;
    count.items += items;
    const startedAt = performance.now();
    try {
      return await call();
    } catch (error) {
      count.failures++;
      throw error;
    } finally {
      const ms = performance.now() - startedAt;
      count.ms += ms;
      this.#listener?.(name, ms);
    }
  }
}
