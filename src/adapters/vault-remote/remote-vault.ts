import { VaultUnavailable } from '../../domain/errors.ts';
import type { KeyVault, PublicKey } from '../../ports/key-vault.ts';
import { ByteReader, ByteWriter, MalformedMessage } from '../../vault-protocol/bytes.ts';
import { VAULT_ANSWERS, VAULT_CALLS, type VaultCallName } from '../../vault-protocol/calls.ts';
import { FRAME_BYTES } from '../../vault-protocol/frames.ts';
import { inParts } from './batches.ts';
import { Coalesced } from './coalesced.ts';
import type { RemoteConnections } from './connections.ts';
import type { RemoteVaultLimits } from './options.ts';

type Answered<Name extends VaultCallName> = Awaited<ReturnType<KeyVault[Name]>>;

/**
 * The key vault in a process of its own. The only unwrapped keys that leave it are a new seed, for its user's token,
 * and the keys that it derives (`deriveKey`, `deriveFromKey`, `agreeByKeys`). Batches are sent in parts, so that a large one does not hold up other callers.
 *
 * When the vault does not answer, a call fails within `vaultSilenceTimeMs`, and later calls fail at once.
 *
 * Why: docs/DECISIONS.md#a-remote-vaults-custody-is-hsm
 */
export class RemoteVault implements KeyVault {
  /** Keys are unwrapped in the vault's process, never in this one. */
  readonly custody = 'hsm';
  readonly #connections: RemoteConnections;
  readonly #limits: RemoteVaultLimits;
  /** The vault's host and port, for messages. */
  readonly #name: string;
  readonly #publicKeys: Coalesced<readonly PublicKey[]>;
  readonly #activeKeyVersion: Coalesced<number>;
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(name: string, connections: RemoteConnections, limits: RemoteVaultLimits) {
    this.#name = name;
    this.#connections = connections;
    this.#limits = limits;
    this.#publicKeys = new Coalesced(() => this.#call('publicKeys'));
    this.#activeKeyVersion = new Coalesced(() => this.#call('activeKeyVersion'));
  }

  generateSeed: KeyVault['generateSeed'] = (...given) => this.#call('generateSeed', ...given);
  generateKey: KeyVault['generateKey'] = (owner) => this.#call('generateKey', owner);
  generateKeyPair: KeyVault['generateKeyPair'] = (...given) => this.#call('generateKeyPair', ...given);
  deriveFromKey: KeyVault['deriveFromKey'] = (request) => this.#call('deriveFromKey', request);
  deriveKey: KeyVault['deriveKey'] = (...given) => this.#call('deriveKey', ...given);
  deriveKeys: KeyVault['deriveKeys'] = (...given) => this.#call('deriveKeys', ...given);
  listKeyVersions: KeyVault['listKeyVersions'] = () => this.#call('listKeyVersions');
  createKeyVersion: KeyVault['createKeyVersion'] = () => this.#call('createKeyVersion');
  destroyKeyVersionsBelow: KeyVault['destroyKeyVersionsBelow'] = async (version) => {
    // Calls made before, perhaps on another connection, may still need those keys.
    await Promise.allSettled([...this.#running]);
    return this.#call('destroyKeyVersionsBelow', version);
  };
  logPublicKey: KeyVault['logPublicKey'] = () => this.#call('logPublicKey');
  signLog: KeyVault['signLog'] = (message) => this.#call('signLog', message);
  publicKeys: KeyVault['publicKeys'] = () => this.#publicKeys.get();
  activeKeyVersion: KeyVault['activeKeyVersion'] = () => this.#activeKeyVersion.get();

  computeMacs: KeyVault['computeMacs'] = (requests) =>
    this.#inParts(
      requests,
      ({ owner, wrapped, message }) => owner.length + wrapped.length + message.length,
      (part) => this.#call('computeMacs', part),
    );
  signByKeys: KeyVault['signByKeys'] = (requests) =>
    this.#inParts(
      requests,
      ({ owner, wrapped, digest }) => owner.length + wrapped.length + digest.length,
      (part) => this.#call('signByKeys', part),
    );
  agreeByKeys: KeyVault['agreeByKeys'] = (requests) =>
    this.#inParts(
      requests,
      ({ owner, wrapped, publicPoint }) => owner.length + wrapped.length + publicPoint.length,
      (part) => this.#call('agreeByKeys', part),
    );
  wrap: KeyVault['wrap'] = (requests) =>
    this.#inParts(
      requests,
      ({ owner, key }) => owner.length + key.length,
      (part) => this.#call('wrap', part),
    );
  rewrap: KeyVault['rewrap'] = (requests) =>
    this.#inParts(
      requests,
      ({ owner, wrapped }) => owner.length + wrapped.length,
      (part) => this.#call('rewrap', part),
    );
  sign: KeyVault['sign'] = (messages) =>
    this.#inParts(
      messages,
      (message) => message.length,
      (part) => this.#call('sign', part),
    );

  /**
   * Remakes the connections with the current credentials.
   * @throws VaultUnavailable; the existing connections then stay
   */
  renewConnections(): Promise<void> {
    return this.#connections.renew();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#connections.close();
  }

  #inParts<Item, Answer>(
    items: readonly Item[],
    sizeOf: (item: Item) => number,
    ask: (part: readonly Item[]) => Promise<readonly Answer[]>,
  ): Promise<readonly Answer[]> {
    const { vaultItemsPerFrameMax: itemsMax, vaultBytesPerFrameWanted: bytesWanted } = this.#limits;
    return inParts(items, { itemsMax, bytesWanted, sizeOf }, ask);
  }

  async #call<Name extends VaultCallName>(
    name: Name,
    ...given: Parameters<KeyVault[Name]>
  ): Promise<Answered<Name>> {
    const running = this.#ask(name, given);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #ask<Name extends VaultCallName>(
    name: Name,
    given: Parameters<KeyVault[Name]>,
  ): Promise<Answered<Name>> {
    const form = VAULT_CALLS[name];
    const out = new ByteWriter();
    form.write(out, ...given);
    const body = out.finish();
    this.#admit(body.length + FRAME_BYTES);
    try {
      const connection = await this.#connections.take();
      const answer = await connection.call(form.kind, body);
      if (answer.kind !== VAULT_ANSWERS.done) throw failure(answer.kind, answer.body.toString());
      const reader = new ByteReader(answer.body);
      const read = form.readAnswer(reader);
      reader.end();
      return read;
    } catch (error) {
      if (error instanceof MalformedMessage) throw this.#unavailable('its answer is malformed');
      throw error instanceof VaultUnavailable ? this.#unavailable(error.message) : error;
    }
  }

  #admit(bytes: number): void {
    if (this.#closed) throw new VaultUnavailable('the key vault is closed');
    if (bytes > this.#limits.vaultRequestBytesMax) {
      throw new RangeError(`a call of ${bytes} bytes: the vault takes ${this.#limits.vaultRequestBytesMax}`);
    }
    const { callsInFlight, bytesInFlight } = this.#connections;
    const { vaultCallsInFlightMax, vaultBytesInFlightMax } = this.#limits;
    if (callsInFlight >= vaultCallsInFlightMax || bytesInFlight + bytes > vaultBytesInFlightMax) {
      throw this.#unavailable('it has more to do than it can answer');
    }
  }

  #unavailable(reason: string): VaultUnavailable {
    return new VaultUnavailable(`the vault process ${this.#name}: ${reason}`);
  }
}

function failure(kind: number, reason: string): Error {
  if (kind === VAULT_ANSWERS.outOfRange) return new RangeError(reason);
  if (kind === VAULT_ANSWERS.forbidden) return new VaultUnavailable(`it forbids ${reason}`);
  return new VaultUnavailable(reason);
}
