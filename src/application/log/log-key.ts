import { formatVerifierKey, type VerifierKey } from '../../domain/log/verifier-key.ts';
import { noteVerifierKey } from '../../domain/log/verify-note.ts';
import type { KeyVault } from '../../ports/key-vault.ts';

/** The log's verifier key: its name is the log's origin. Read from the vault once; it stays for ever. */
export class LogKey {
  readonly origin: string;
  readonly #vault: Pick<KeyVault, 'logPublicKey' | 'signLog'>;
  #key: VerifierKey | undefined;

  constructor(vault: Pick<KeyVault, 'logPublicKey' | 'signLog'>, origin: string) {
    this.#vault = vault;
    this.origin = origin;
  }

  /** @throws VaultUnavailable until the vault has answered once */
  async get(): Promise<VerifierKey> {
    this.#key ??= noteVerifierKey(this.origin, await this.#vault.logPublicKey());
    return this.#key;
  }

  /** `NAME+hex(key id)+base64(type ‖ public key)` (https://c2sp.org/signed-note). @throws VaultUnavailable */
  async text(): Promise<string> {
    return formatVerifierKey(await this.get());
  }

  /** @throws VaultUnavailable */
  sign(text: string): Promise<Uint8Array> {
    return this.#vault.signLog(Buffer.from(text));
  }
}
