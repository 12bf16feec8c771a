import { StartRefused } from '../../domain/errors.ts';
import type { Handle, Library } from './cryptoki.ts';
import { NoSlots } from './errors.ts';
import type { HsmAddress } from './pkcs11-uri.ts';

/**
 * Finds the one slot whose token has the label, and the serial number if the address names one.
 * @throws StartRefused when no slot or several slots match; NoSlots when the library shows no initialised slot
 */
export function findSlot(library: Library, { slotLabel, serial }: HsmAddress): Handle {
  const seen: string[] = [];
  const fits: Handle[] = [];
  for (const slot of library.C_GetSlotList(true)) {
    const { label, serialNumber } = library.C_GetTokenInfo(slot);
    if (label.trim() !== '') seen.push(label.trim());
    if (label.trim() !== slotLabel || (serial !== undefined && serialNumber.trim() !== serial)) continue;
    fits.push(slot);
  }
  const [slot] = fits;
  if (slot && fits.length === 1) return slot;
  if (slot) {
    throw new StartRefused(
      `vault_url: ${fits.length} slots are labelled "${slotLabel}": add serial= to say which`,
    );
  }
  if (seen.length === 0) {
    throw new NoSlots(
      `the HSM shows no slot at all: see that it is there, or initialise one labelled "${slotLabel}", for instance by pkcs11-tool --init-token`,
    );
  }
  throw new StartRefused(
    `vault_url: the HSM has no slot labelled "${slotLabel}" (it has: ${seen.join(', ')}). Initialise one, for instance by pkcs11-tool --init-token, or name another in token=.`,
  );
}
