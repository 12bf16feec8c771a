import { PinRefused, StartRefused } from '../../domain/errors.ts';
import { CKF, CKR, CKU_USER } from './constants.ts';
import {
  type Handle,
  ignoringReturnValue,
  type Library,
  loadLibrary,
  returnNameOf,
  returnValueOf,
} from './cryptoki.ts';
import { NoSlots } from './errors.ts';
import { type HsmProbe, missingMechanisms } from './mechanisms.ts';
import type { HsmAddress } from './pkcs11-uri.ts';

const PIN_ERRORS: readonly number[] = [
  CKR.pinIncorrect,
  CKR.pinInvalid,
  CKR.pinLenRange,
  CKR.pinExpired,
  CKR.pinLocked,
];

/** The sessions of a logged-in connection, each with one use. */
export interface Sessions {
  readonly library: Library;
  /** Computes: the one that a failed call may leave with an operation begun, so it is replaced after an error. */
  readonly operationSession: Handle;
  /** Owns unwrapped keys, which die with the session that made them. */
  readonly objectSession: Handle;
  /** Says that this thread goes on: called after each call to the HSM that may take long. */
  readonly reportProgress: () => void;
}

/** The slot of an HSM, opened, logged in, and opened anew when it was lost. Synchronous: for a thread of its own. */
export class SlotConnection {
  readonly #address: HsmAddress;
  readonly #pin: string;
  readonly #alive: () => void;
  #library: Library | undefined;
  #slot: Handle | undefined;
  /** Stays open and idle: when an application's last session closes, it is logged out. */
  #anchor: Handle | undefined;
  #sessions: Sessions | undefined;

  constructor(address: HsmAddress, pin: string, alive: () => void) {
    this.#address = address;
    this.#pin = pin;
    this.#alive = alive;
  }

  /** Says what the HSM is and what it lacks, without logging in. @throws StartRefused, HsmDown */
  probe(): HsmProbe {
    const library = this.#initialised();
    const slot = this.#findSlot(library);
    const { manufacturerID, model, label } = library.C_GetTokenInfo(slot);
    return {
      manufacturer: manufacturerID.trim(),
      model: model.trim(),
      slotLabel: label.trim(),
      missing: missingMechanisms(library, slot),
    };
  }

  /**
   * Opens what is not open.
   * @throws PinRefused after one attempt, or without one where a wrong PIN would lock the slot
   * @throws StartRefused when the library or the slot is not there; NoSlots when no slot is
   */
  open(): Sessions {
    if (this.#sessions) return this.#sessions;
    const library = this.#initialised();
    this.#slot ??= this.#findSlot(library);
    const slot = this.#slot;
    const anchor = library.C_OpenSession(slot, CKF.serialSession | CKF.rwSession);
    this.#anchor = anchor;
    this.#logIn(library, slot, anchor);
    this.#sessions = {
      library,
      operationSession: library.C_OpenSession(slot, CKF.serialSession | CKF.rwSession),
      objectSession: library.C_OpenSession(slot, CKF.serialSession | CKF.rwSession),
      reportProgress: this.#alive,
    };
    return this.#sessions;
  }

  /** Closes this connection's sessions; the next `open` makes new ones. Never throws. */
  closeSessions(): void {
    const library = this.#library;
    const handles = [this.#sessions?.operationSession, this.#sessions?.objectSession, this.#anchor];
    this.#sessions = undefined;
    this.#anchor = undefined;
    for (const handle of handles) {
      try {
        if (library && handle) library.C_CloseSession(handle);
      } catch {
        // It is gone already.
      }
    }
  }

  /** Ends the library's work for this whole process: only this brings back a slot that vanished. Never throws. */
  finalize(): void {
    this.closeSessions();
    this.#slot = undefined;
    try {
      this.#library?.C_Finalize();
    } catch {
      // It was not initialised, or is beyond that.
    }
  }

  #initialised(): Library {
    this.#library ??= loadLibrary(this.#address.modulePath);
    const library = this.#library;
    ignoringReturnValue(CKR.cryptokiAlreadyInitialized, () =>
      library.C_Initialize({ flags: CKF.osLockingOk }),
    );
    return library;
  }

  #findSlot(library: Library): Handle {
    const { slotLabel, serial } = this.#address;
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

  #logIn(library: Library, slot: Handle, session: Handle): void {
    const { flags } = library.C_GetTokenInfo(slot);
    const { slotLabel } = this.#address;
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
      ignoringReturnValue(CKR.userAlreadyLoggedIn, () => library.C_Login(session, CKU_USER, this.#pin));
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
}
