import type { KeyVault } from '../ports/key-vault.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';

/** The body of a connection's first frame. */
export interface VaultWelcome {
  /** Whether the vault's process keeps unwrapped keys in memory for a while (`cached`). */
  readonly custody: KeyVault['custody'];
  readonly managesKeys: boolean;
  /**
   * Identifies the vault's keys and survives rotations. A vault with another identity cannot open what this one
   * wrapped.
   */
  readonly identity: string;
}

// Why: docs/DECISIONS.md#the-vault-has-an-identity
export function writeWelcome(out: ByteWriter, { custody, managesKeys, identity }: VaultWelcome): void {
  out.byte(custody === 'hsm' ? 1 : 0);
  out.byte(managesKeys ? 1 : 0);
  out.text(identity);
}

export function readWelcome(from: ByteReader): VaultWelcome {
  return {
    custody: from.byte() === 1 ? 'hsm' : 'cached',
    managesKeys: from.byte() === 1,
    identity: from.text(),
  };
}
