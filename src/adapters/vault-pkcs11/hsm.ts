import { PinRefused, StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { returnNameOf, returnValueOf } from './cryptoki.ts';
import { HsmDown, KeysGone, NoSlots } from './errors.ts';
import type { HsmProbe } from './mechanisms.ts';
import { OpenSlot, type SlotIdentity } from './open-slot.ts';
import type { HsmAddress } from './pkcs11-uri.ts';
import { SessionKeyCache } from './session-key-cache.ts';
import { SlotConnection } from './slot-connection.ts';

export interface HsmSettings {
  readonly address: HsmAddress;
  readonly pin: string;
  readonly sessionKeysMax: number;
  readonly reportProgress: () => void;
  /** Whether no other thread is inside the library: C_Finalize during another thread's call would crash the process. */
  readonly isOnlyLibraryUser: () => boolean;
}

/**
 * The HSM with recovery. A failed call is retried with new sessions, then after C_Finalize and C_Initialize, which alone
 * bring back a slot that vanished. When the second retry fails too, calls fail at once for `LIMITS.hsmReopenMs`. A
 * refused PIN is never retried.
 */
export class Hsm {
  readonly #settings: HsmSettings;
  readonly #connection: SlotConnection;
  #open: OpenSlot | undefined;
  readonly #identity: SlotIdentity = { firstKeyId: undefined };
  #missing: readonly number[] | undefined;
  #downUntil = 0;
  #downReason = '';
  #healed = false;

  constructor(settings: HsmSettings) {
    this.#settings = settings;
    this.#connection = new SlotConnection(settings.address, settings.pin, settings.reportProgress);
  }

  probe(): HsmProbe {
    return this.#connection.probe();
  }

  /** Opens the slot without any retry. @throws StartRefused, PinRefused, HsmDown */
  openOnce(): OpenSlot {
    try {
      return this.#opened();
    } catch (error) {
      this.#forget();
      throw returnValueOf(error) === undefined ? error : downBy(error);
    }
  }

  /**
   * Runs `work` on the open slot, opening it first where needed.
   * @param repeatable whether `work` may be retried after it failed half-way
   * @throws HsmDown, PinRefused, and the RangeError that `work` throws
   */
  run<T>(work: (hsm: OpenSlot) => T, repeatable = true): T {
    if (performance.now() < this.#downUntil) throw new HsmDown(this.#downReason);
    let failure: unknown;
    for (const reset of [undefined, () => this.#forget(), () => this.#finalize()]) {
      reset?.();
      let hsm: OpenSlot | undefined;
      try {
        hsm = this.#opened();
        hsm.expectKeys();
        const result = work(hsm);
        if (reset) this.#healed = true;
        return result;
      } catch (error) {
        if (!isTrouble(error)) throw error;
        failure = error;
        if (hsm && !repeatable) break;
      }
    }
    this.#forget();
    this.#downUntil = performance.now() + LIMITS.hsmReopenMs;
    this.#downReason =
      failure instanceof Error && returnValueOf(failure) === undefined
        ? failure.message
        : downBy(failure).message;
    throw new HsmDown(this.#downReason, { cause: failure });
  }

  /** Whether a retry succeeded since the last call. */
  takeHealed(): boolean {
    const healed = this.#healed;
    this.#healed = false;
    return healed;
  }

  close(): void {
    this.#finalize();
  }

  #opened(): OpenSlot {
    if (this.#open) return this.#open;
    const { address, sessionKeysMax } = this.#settings;
    const sessions = this.#connection.open();
    this.#missing ??= this.#connection.probe().missing;
    const keys = new SessionKeyCache(sessionKeysMax);
    this.#open = new OpenSlot(address, sessions, keys, this.#missing, this.#identity);
    return this.#open;
  }

  #forget(): void {
    this.#open?.sessionKeys.forget();
    this.#open = undefined;
    this.#connection.closeSessions();
  }

  #finalize(): void {
    this.#forget();
    if (this.#settings.isOnlyLibraryUser()) this.#connection.finalize();
  }
}

/** Whether a retry may help: the HSM failed or its slot is gone. Not so for a refused PIN, a caller's mistake or a defect. */
function isTrouble(error: unknown): boolean {
  if (error instanceof PinRefused) return false;
  return (
    returnValueOf(error) !== undefined ||
    error instanceof StartRefused ||
    error instanceof NoSlots ||
    error instanceof KeysGone
  );
}

function downBy(error: unknown): HsmDown {
  return new HsmDown(`the HSM does not answer (${returnNameOf(error)})`, { cause: error });
}
