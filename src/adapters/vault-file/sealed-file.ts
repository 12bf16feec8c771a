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

/** The sealed file of an open vault. Its calls must come one after the other: the vault sees to that. */
export class SealedFile {
  readonly #options: SealedFileOptions;
  #sealingKey: SealingKey;
  /** What this process believes the file to hold. */
  #sealed: Buffer;
  /** A write whose outcome is unknown: the file may hold this instead. */
  #attempted: Buffer | undefined;

  constructor(sealed: Buffer, sealingKey: SealingKey, options: SealedFileOptions) {
    this.#sealed = sealed;
    this.#sealingKey = sealingKey;
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  /** The file's bytes as they were last known to be durable. */
  copy(): Buffer {
    return Buffer.from(this.#sealed);
  }

  /**
   * Replaces what is sealed; durable when it resolves.
   * @throws VaultUnavailable when it cannot be written, or another process changed the file meanwhile
   */
  async write(keys: KeySet): Promise<void> {
    await this.#replace(this.#sealingKey, keys);
  }

  /** The same, sealed by another passphrase from now on. */
  async writeUnder(passphrase: string, keys: KeySet): Promise<void> {
    const { random, derivationCost } = this.#options;
    const sealingKey = await deriveSealingKey(passphrase, newDerivation(random, derivationCost));
    await this.#replace(sealingKey, keys);
    this.#sealingKey.key.fill(0);
    this.#sealingKey = sealingKey;
  }

  /** Overwrites the sealing key: nothing can be written any more. */
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
