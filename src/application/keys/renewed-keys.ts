import { LIMITS } from '../../limits.ts';
import type { DerivedKey, DerivedKeyPurpose, KeyVault } from '../../ports/key-vault.ts';

/**
 * The keys of one purpose and context, renewed after a rotation while the server runs: for names and MACs that all servers
 * make alike. The vault is asked in the background, or waited for where its last answer is old; what it derived before stays
 * good while it is away.
 */
export class RenewedKeys {
  readonly #vault: Pick<KeyVault, 'deriveKeys'>;
  readonly #purpose: DerivedKeyPurpose;
  readonly #context: string;
  /** Newest first. */
  #keys: readonly DerivedKey[] = [];
  /** ms of `performance.now()` */
  #askedAt = Number.NEGATIVE_INFINITY;
  #retryAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(vault: Pick<KeyVault, 'deriveKeys'>, purpose: DerivedKeyPurpose, context: string) {
    this.#vault = vault;
    this.#purpose = purpose;
    this.#context = context;
  }

  /**
   * Returns first the key to make names and MACs with, the newest that every server knows; then the others that are good,
   * newest first.
   * @param at ms since 1970
   * @throws VaultUnavailable while there is no key yet
   */
  async ask(at: number): Promise<readonly [DerivedKey, ...DerivedKey[]]> {
    if (this.#keys.length === 0) await this.#derive();
    else await this.#renew();
    const active =
      this.#keys.find(({ createdAt }) => createdAt + LIMITS.keyActivationMs <= at) ?? this.#keys.at(-1);
    if (!active) throw new Error('the vault derived no key');
    return [active, ...this.#keys.filter((key) => key !== active)];
  }

  #renew(): Promise<void> | undefined {
    const now = performance.now();
    const age = now - this.#askedAt;
    if (age < LIMITS.keyVersionsPeriodMs || now < this.#retryAt) return undefined;
    const asked = this.#derive().catch(() => {
      this.#retryAt = performance.now() + LIMITS.keyVersionsRetryMs;
    });
    return age > LIMITS.keyVersionsAgeMsMax ? asked : undefined;
  }

  #derive(): Promise<void> {
    this.#asking ??= this.#deriveNow().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #deriveNow(): Promise<void> {
    const askedAt = performance.now();
    this.#keys = await this.#vault.deriveKeys(this.#purpose, this.#context);
    this.#askedAt = askedAt;
  }
}
