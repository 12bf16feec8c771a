import { VaultUnavailable } from '../../domain/errors.ts';
import type { KeyVault, WrappedKey } from '../../ports/key-vault.ts';

/**
 * Refuses the answers of a vault that has fallen back behind the key version that it had when it was opened, as after a
 * restart on an older copy of its keys: what that wraps would be lost with the copy. Each such call fails as an outage.
 */
export class BoundVault implements KeyVault {
  readonly custody: KeyVault['custody'];
  readonly #vault: KeyVault;
  #versionMin: number;

  constructor(vault: KeyVault, versionMin: number) {
    this.#vault = vault;
    this.custody = vault.custody;
    this.#versionMin = versionMin;
  }

  computeMacs: KeyVault['computeMacs'] = (requests) => this.#vault.computeMacs(requests);
  deriveFromKey: KeyVault['deriveFromKey'] = (request) => this.#vault.deriveFromKey(request);
  signByKeys: KeyVault['signByKeys'] = (requests) => this.#vault.signByKeys(requests);
  agreeByKeys: KeyVault['agreeByKeys'] = (requests) => this.#vault.agreeByKeys(requests);
  deriveKey: KeyVault['deriveKey'] = (...given) => this.#vault.deriveKey(...given);
  deriveKeys: KeyVault['deriveKeys'] = (...given) => this.#vault.deriveKeys(...given);
  sign: KeyVault['sign'] = (messages) => this.#vault.sign(messages);
  logPublicKey: KeyVault['logPublicKey'] = () => this.#vault.logPublicKey();
  signLog: KeyVault['signLog'] = (message) => this.#vault.signLog(message);
  publicKeys: KeyVault['publicKeys'] = () => this.#vault.publicKeys();
  listKeyVersions: KeyVault['listKeyVersions'] = () => this.#vault.listKeyVersions();
  createKeyVersion: KeyVault['createKeyVersion'] = () => this.#vault.createKeyVersion();
  close: KeyVault['close'] = () => this.#vault.close();

  generateSeed: KeyVault['generateSeed'] = async (...given) => {
    const made = await this.#vault.generateSeed(...given);
    this.#assertCurrent(wrappedVersion(made.wrapped));
    return made;
  };

  generateKey: KeyVault['generateKey'] = async (owner) => {
    const wrapped = await this.#vault.generateKey(owner);
    this.#assertCurrent(wrappedVersion(wrapped));
    return wrapped;
  };

  generateKeyPair: KeyVault['generateKeyPair'] = async (...given) => {
    const made = await this.#vault.generateKeyPair(...given);
    this.#assertCurrent(wrappedVersion(made.wrapped));
    return made;
  };

  wrap: KeyVault['wrap'] = async (requests) => this.#allCurrent(await this.#vault.wrap(requests));
  rewrap: KeyVault['rewrap'] = async (requests) => this.#allCurrent(await this.#vault.rewrap(requests));

  activeKeyVersion: KeyVault['activeKeyVersion'] = async () => {
    const version = await this.#vault.activeKeyVersion();
    this.#assertCurrent(version);
    return version;
  };

  destroyKeyVersionsBelow: KeyVault['destroyKeyVersionsBelow'] = async (version) => {
    await this.#vault.destroyKeyVersionsBelow(version);
    this.#versionMin = Math.max(this.#versionMin, version);
  };

  #allCurrent<Wrapped extends WrappedKey | undefined>(wrapped: readonly Wrapped[]): readonly Wrapped[] {
    for (const each of wrapped) if (each !== undefined) this.#assertCurrent(wrappedVersion(each));
    return wrapped;
  }

  #assertCurrent(version: number): void {
    if (version >= this.#versionMin) return;
    throw new VaultUnavailable(
      `the key vault is an older copy: it has key version ${version}, and had ${this.#versionMin} before`,
    );
  }
}

function wrappedVersion(wrapped: WrappedKey): number {
  return Number.parseInt(wrapped, 10);
}
