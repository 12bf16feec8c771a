import { readFile } from 'node:fs/promises';
import { VaultUnavailable } from '../../domain/errors.ts';
import type { Random } from '../../ports/random.ts';
import { replaceFile, type WriteObserver } from './atomic-file.ts';
import type { KeySet } from './key-set.ts';
import { type DerivationCost, deriveSealingKey, newDerivation, type SealingKey, seal } from './seal.ts';

export interface SealedFileOptions {
  readonly path: string;
  readonly random: Random;
  readonly derivationCost: DerivationCost;
  readonly observeWrite: WriteObserver;
}

/** The sealed file of an open vault. Calls must not overlap: the vault serialises them. */
export class SealedFile {
  readonly #options: SealedFileOptions;
  #sealingKey: SealingKey;
  /** The bytes that this process last read or wrote durably. */
  #sealed: Buffer;
  /** The bytes of a write whose outcome is unknown: the file may contain them instead. */
  #attempted: Buffer | undefined;

  constructor(sealed: Buffer, sealingKey: SealingKey, options: SealedFileOptions) {
    this.#sealed = sealed;
    this.#sealingKey = sealingKey;
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  /** Returns the file's bytes as last known to be durable. */
  copy(): Buffer {
    return Buffer.from(this.#sealed);
  }

  /**
   * Replaces the sealed keys; durable when it resolves.
   * @throws VaultUnavailable when the file cannot be written, or another process changed it meanwhile
   */
  async write(keys: KeySet): Promise<void> {
    await this.#replace(this.#sealingKey, keys);
  }

  /** Replaces the sealed keys and seals with another passphrase from now on. @throws VaultUnavailable as `write` does */
  async writeUnder(passphrase: string, keys: KeySet): Promise<void> {
    const { random, derivationCost } = this.#options;
    const sealingKey = await deriveSealingKey(passphrase, newDerivation(random, derivationCost));
    await this.#replace(sealingKey, keys);
    this.#sealingKey.key.fill(0);
    this.#sealingKey = sealingKey;
  }

  /** Overwrites the sealing key. Nothing can be written afterwards. */
  wipe(): void {
    this.#sealingKey.key.fill(0);
  }

  async #replace(sealingKey: SealingKey, keys: KeySet): Promise<void> {
    const { path, random, observeWrite } = this.#options;
    try {
      const present = await readFile(path);
      if (!present.equals(this.#sealed) && !(this.#attempted && present.equals(this.#attempted))) {
        throw new Error('it was changed by another process since this one opened it: restart this one');
      }
      this.#attempted = seal(sealingKey, keys, random);
      await replaceFile(path, this.#attempted, observeWrite);
      this.#sealed = this.#attempted;
      this.#attempted = undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new VaultUnavailable(`the key vault ${path} cannot be changed: ${reason}`, { cause: error });
    }
  }
}
