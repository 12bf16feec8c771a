import type { MechanismNeed } from '../adapters/vault-pkcs11/mechanisms.ts';

export interface HsmFindings {
  /** Manufacturer, model and slot, for people. */
  readonly name: string;
  /** What it cannot do that this program asks of it. */
  readonly lacks: readonly MechanismNeed[];
}

/**
 * Asks the HSM of a `pkcs11:` URL what it is and can do; no PIN is used. Loaded when it is asked for: few have an HSM.
 * @throws StartRefused when the URL, the library or the slot is not as it must be
 */
export async function probeHsm(url: string): Promise<HsmFindings> {
  const [{ probeHsm: probe }, { MECHANISM_NEEDS }] = await Promise.all([
    import('../adapters/vault-pkcs11/open-pkcs11-vault.ts'),
    import('../adapters/vault-pkcs11/mechanisms.ts'),
  ]);
  const { manufacturer, model, slotLabel, missing } = await probe(url);
  return {
    name: `${manufacturer} ${model}, ${slotLabel}`,
    lacks: missing.flatMap((index) => MECHANISM_NEEDS[index] ?? []),
  };
}
