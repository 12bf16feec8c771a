import { setTimeout as delay } from 'node:timers/promises';
import { VaultUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { KeyVault } from '../../ports/key-vault.ts';

export interface DeferredVaultOptions {
  readonly custody: KeyVault['custody'];
  /** Why the first attempt to open the vault failed. */
  readonly reason: string;
  /** Tries to open the vault once. Any error means that there is no vault yet. */
  readonly open: () => Promise<KeyVault>;
  /** Whether no further attempt may be made after this error. */
  readonly isFinal: (error: unknown) => boolean;
  readonly log: { info(fields: object, message: string): void; error(fields: object, message: string): void };
}

/**
 * Stands in for a vault that did not answer when the server started. It rejects each call as unavailable and tries in the
 * background to open the vault, with a bounded back-off and without a time limit; once open, it passes all calls on.
 *
 * Why: docs/DECISIONS.md#servers-start-without-their-vault
 */
export class DeferredVault implements KeyVault {
  readonly custody: KeyVault['custody'];
  /** Resolves when the vault is open. Never resolves if this is closed before, or after a final error. */
  readonly opened: Promise<void>;
  readonly #options: DeferredVaultOptions;
  readonly #closed = new AbortController();
  readonly #waiting: Promise<void>;
  #vault: KeyVault | undefined;
  #reason: string;

  constructor(options: DeferredVaultOptions) {
    this.#options = options;
    this.custody = options.custody;
    this.#reason = options.reason;
    const opened = Promise.withResolvers<void>();
    this.opened = opened.promise;
    this.#waiting = this.#wait(opened.resolve);
  }

  generateSeed: KeyVault['generateSeed'] = async (...given) => this.#get().generateSeed(...given);
  generateKey: KeyVault['generateKey'] = async (owner) => this.#get().generateKey(owner);
  deriveFromKey: KeyVault['deriveFromKey'] = async (request) => this.#get().deriveFromKey(request);
  generateKeyPair: KeyVault['generateKeyPair'] = async (...given) => this.#get().generateKeyPair(...given);
  signByKeys: KeyVault['signByKeys'] = async (requests) => this.#get().signByKeys(requests);
  agreeByKeys: KeyVault['agreeByKeys'] = async (requests) => this.#get().agreeByKeys(requests);
  wrap: KeyVault['wrap'] = async (requests) => this.#get().wrap(requests);
  computeMacs: KeyVault['computeMacs'] = async (requests) => this.#get().computeMacs(requests);
  deriveKey: KeyVault['deriveKey'] = async (...given) => this.#get().deriveKey(...given);
  deriveKeys: KeyVault['deriveKeys'] = async (...given) => this.#get().deriveKeys(...given);
  sign: KeyVault['sign'] = async (messages) => this.#get().sign(messages);
  logPublicKey: KeyVault['logPublicKey'] = async () => this.#get().logPublicKey();
  signLog: KeyVault['signLog'] = async (message) => this.#get().signLog(message);
  publicKeys: KeyVault['publicKeys'] = async () => this.#get().publicKeys();
  listKeyVersions: KeyVault['listKeyVersions'] = async () => this.#get().listKeyVersions();
  activeKeyVersion: KeyVault['activeKeyVersion'] = async () => this.#get().activeKeyVersion();
  createKeyVersion: KeyVault['createKeyVersion'] = async () => this.#get().createKeyVersion();
  rewrap: KeyVault['rewrap'] = async (requests) => this.#get().rewrap(requests);
  destroyKeyVersionsBelow: KeyVault['destroyKeyVersionsBelow'] = async (version) =>
    this.#get().destroyKeyVersionsBelow(version);

  /** Waits for the attempt under way. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#waiting;
    await this.#vault?.close();
  }

  #get(): KeyVault {
    if (this.#vault) return this.#vault;
    throw new VaultUnavailable(this.#reason);
  }

  async #wait(opened: () => void): Promise<void> {
    const { open, isFinal, log } = this.#options;
    const { signal } = this.#closed;
    let pauseMs = 0;
    for (;;) {
      pauseMs = Math.min(LIMITS.vaultReconnectMsMax, Math.max(LIMITS.vaultReconnectMsMin, pauseMs * 2));
      // Random, so that the servers without the same vault do not all try at once.
      await delay(pauseMs * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      try {
        this.#vault = await open();
        log.info({}, 'the key vault answers: what needs it is done again');
        return opened();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const final = isFinal(error);
        if (reason !== this.#reason || final) log.error({ reason }, final ? FINAL : 'still no key vault');
        this.#reason = reason;
        if (final) return;
      }
    }
  }
}

const FINAL = 'no key vault, and it is not tried again: mend this, then restart the server';
