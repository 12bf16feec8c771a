// What a vault's test gives the contract suite.
import type { KeyVault } from '../../src/ports/key-vault.ts';

/** A vault with new keys, for one test or several. */
export interface VaultFixture {
  readonly vault: KeyVault;
  /** Closes the vault and opens the same keys again, as after a restart. */
  reopen(): Promise<KeyVault>;
  /** Closes whatever is open and deletes the keys. */
  remove(): Promise<void>;
}
