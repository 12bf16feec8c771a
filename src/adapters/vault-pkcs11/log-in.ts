import { PinRefused } from '../../domain/errors.ts';
import { CKF, CKR, CKU_USER } from './constants.ts';
import { type Handle, ignoringReturnValue, type Library, returnNameOf, returnValueOf } from './cryptoki.ts';
import type { HsmAddress } from './pkcs11-uri.ts';

const PIN_ERRORS: readonly number[] = [
  CKR.pinIncorrect,
  CKR.pinInvalid,
  CKR.pinLenRange,
  CKR.pinExpired,
  CKR.pinLocked,
];

/**
 * Logs the normal user in (CKU_USER), for all sessions of this process on the slot.
 * @throws PinRefused after one attempt; without an attempt when the PIN is locked or one more wrong PIN would lock it
 */
export function logIn(
  library: Library,
  slot: Handle,
  session: Handle,
  { slotLabel }: HsmAddress,
  pin: string,
): void {
  const { flags } = library.C_GetTokenInfo(slot);
  if ((flags & CKF.userPinLocked) !== 0) {
    throw new PinRefused(
      `the PIN of the HSM's slot "${slotLabel}" is locked: unlock it with the HSM's own tool`,
    );
  }
  if ((flags & CKF.userPinFinalTry) !== 0) {
    throw new PinRefused(
      `one more wrong PIN locks the HSM's slot "${slotLabel}", so vault_pin was not tried: log in once with the HSM's own tool, then start again`,
    );
  }
  try {
    ignoringReturnValue(CKR.userAlreadyLoggedIn, () => library.C_Login(session, CKU_USER, pin));
  } catch (error) {
    const value = returnValueOf(error);
    if (value !== undefined && PIN_ERRORS.includes(value)) {
      throw new PinRefused(
        `the HSM's slot "${slotLabel}" refused the PIN (${returnNameOf(error)}). It was tried once and is not tried again: correct vault_pin or vault_pin_file`,
      );
    }
    throw error;
  }
}
