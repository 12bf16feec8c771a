import type { MechanismNeed } from '../adapters/vault-pkcs11/mechanisms.ts';

export interface HsmFindings {
  /** Manufacturer, model and slot, for a person to read. */
  readonly name: string;
  /** The mechanisms that this program needs and the HSM lacks. */
  readonly lacks: readonly MechanismNeed[];
}

/**
 * Asks the HSM of a `pkcs11:` URL what it is and can do, without a PIN. Imports the adapter on demand: few have an
 * HSM.
 * @throws StartRefused when the URL, the library or the slot is wrong
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
