import { CKF, CKR } from './constants.ts';
import { type Handle, ignoringReturnValue, type Library, loadLibrary } from './cryptoki.ts';
import { findSlot } from './find-slot.ts';
import { logIn } from './log-in.ts';
import { type HsmProbe, missingMechanisms } from './mechanisms.ts';
import type { HsmAddress } from './pkcs11-uri.ts';

/** The sessions of a logged-in slot, each for one use. */
export interface Sessions {
  readonly library: Library;
  /** For operations. A failed call may leave one active in it, so the session is replaced after an error. */
  readonly operationSession: Handle;
  /** Owns the unwrapped keys: a session object ends with the session that created it. */
  readonly objectSession: Handle;
  /** Tells the watchdog that this thread makes progress. Called after each call to the HSM that may take long. */
  readonly reportProgress: () => void;
}

/** A slot of an HSM: opens sessions on it, logs in, and opens new ones after a loss. Synchronous, so only for a thread of its own. */
export class SlotConnection {
  readonly #address: HsmAddress;
  readonly #pin: string;
  readonly #reportProgress: () => void;
  #library: Library | undefined;
  #slot: Handle | undefined;
  /** A session that stays open and idle: PKCS#11 logs the application out when its last session closes. */
  #anchor: Handle | undefined;
  #sessions: Sessions | undefined;

  constructor(address: HsmAddress, pin: string, reportProgress: () => void) {
    this.#address = address;
    this.#pin = pin;
    this.#reportProgress = reportProgress;
  }

  /** Returns what the HSM is and what it lacks, without logging in. @throws StartRefused, NoSlots, and the library's errors */
  probe(): HsmProbe {
    const library = this.#initialised();
    const slot = findSlot(library, this.#address);
    const { manufacturerID, model, label } = library.C_GetTokenInfo(slot);
    return {
      manufacturer: manufacturerID.trim(),
      model: model.trim(),
      slotLabel: label.trim(),
      missing: missingMechanisms(library, slot),
    };
  }

  /**
   * Opens the sessions and logs in, unless that was done.
   * @throws PinRefused after one attempt, or without one where a wrong PIN would lock the slot
   * @throws StartRefused when the library or the slot is missing; NoSlots when the library shows no slot at all
   */
  open(): Sessions {
    if (this.#sessions) return this.#sessions;
    const library = this.#initialised();
    this.#slot ??= findSlot(library, this.#address);
    const slot = this.#slot;
    const anchor = library.C_OpenSession(slot, CKF.serialSession | CKF.rwSession);
    this.#anchor = anchor;
    logIn(library, slot, anchor, this.#address, this.#pin);
    this.#sessions = {
      library,
      operationSession: library.C_OpenSession(slot, CKF.serialSession | CKF.rwSession),
      objectSession: library.C_OpenSession(slot, CKF.serialSession | CKF.rwSession),
      reportProgress: this.#reportProgress,
    };
    return this.#sessions;
  }

  /** Closes the sessions; the next `open` makes new ones. Never throws. */
  closeSessions(): void {
    const library = this.#library;
    const handles = [this.#sessions?.operationSession, this.#sessions?.objectSession, this.#anchor];
    this.#sessions = undefined;
    this.#anchor = undefined;
    for (const handle of handles) {
      try {
        if (library && handle) library.C_CloseSession(handle);
      } catch {
        // The session is gone already.
      }
    }
  }

  /** Calls C_Finalize, which affects the whole process. Only this brings back a slot that vanished. Never throws. */
  finalize(): void {
    this.closeSessions();
    this.#slot = undefined;
    try {
      this.#library?.C_Finalize();
    } catch {
      // The library was not initialised, or is too broken to finalise.
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
}
