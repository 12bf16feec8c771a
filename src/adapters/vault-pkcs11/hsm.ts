import { PinRefused, StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { versionOf } from '../vault-keys/wrapped-key.ts';
import { type Handle, returnNameOf, returnValueOf } from './cryptoki.ts';
import { HsmDown, KeysGone, NoSlots } from './errors.ts';
import { type KeyListing, type KeyVersion, listKeys } from './key-listing.ts';
import type { HsmProbe } from './mechanisms.ts';
import type { HsmAddress } from './pkcs11-uri.ts';
import { SessionKeyCache } from './session-key-cache.ts';
import { type Sessions, SlotConnection } from './slot-connection.ts';

export interface HsmSettings {
  readonly address: HsmAddress;
  readonly pin: string;
  readonly sessionKeysMax: number;
  readonly reportProgress: () => void;
  /** Whether no other thread is in the library: finalising it under another's feet would crash the process. */
  readonly isOnlyLibraryUser: () => boolean;
}

/** An open HSM: its sessions, the keys listed, and users' keys unwrapped inside it. */
export class OpenSlot {
  readonly address: HsmAddress;
  readonly sessions: Sessions;
  readonly sessionKeys: SessionKeyCache;
  /** Indexes into `MECHANISM_NEEDS`. */
  readonly missingMechanisms: readonly number[];
  #ring: KeyListing;
  #mustHaveKeys = false;
  #versions = new Map<number, KeyVersion>();
  #listedAt = 0;

  constructor(address: HsmAddress, sessions: Sessions, inside: SessionKeyCache, missing: readonly number[]) {
    this.address = address;
    this.sessions = sessions;
    this.sessionKeys = inside;
    this.missingMechanisms = missing;
    this.#ring = this.relistKeys();
  }

  /** The keys as they were listed at most `ageMsMax` ago: another server may have made or destroyed some since. */
  keys(ageMsMax = Number.POSITIVE_INFINITY): KeyListing {
    return performance.now() - this.#listedAt > ageMsMax ? this.relistKeys() : this.#ring;
  }

  /** From now on a slot without keys is a slot that was lost. @throws KeysGone */
  expectKeys(): void {
    this.#mustHaveKeys = true;
    this.#checkKeys(this.#ring);
  }

  /** @throws KeysGone */
  relistKeys(): KeyListing {
    const ring = listKeys(this.sessions, this.address.keyPrefix);
    this.#checkKeys(ring);
    this.#ring = ring;
    this.#versions = new Map(ring.versions.map((version) => [version.version, version]));
    this.#listedAt = performance.now();
    for (const handle of this.sessionKeys.takeWhere((wrapped) => !this.#versions.has(versionOf(wrapped)))) {
      this.destroySessionKey(handle);
    }
    return ring;
  }

  #checkKeys({ versions }: KeyListing): void {
    if (this.#mustHaveKeys && versions.length === 0) throw new KeysGone('the HSM shows none of its keys');
  }

  version(version: number): KeyVersion | undefined {
    return this.#versions.get(version);
  }

  destroySessionKey(handle: Handle): void {
    this.sessions.library.C_DestroyObject(this.sessions.objectSession, handle);
  }
}

/**
 * The HSM with its healing: what fails is tried again with new sessions, then with the library initialised anew, which
 * alone brings back a slot that vanished. When that fails, too, calls fail at once for a while. A PIN that was refused
 * is not tried again.
 */
export class Hsm {
  readonly #settings: HsmSettings;
  readonly #connection: SlotConnection;
  #open: OpenSlot | undefined;
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

  /** @throws StartRefused, PinRefused, HsmDown: nothing is tried twice */
  openOnce(): OpenSlot {
    try {
      return this.#opened();
    } catch (error) {
      this.#forget();
      throw returnValueOf(error) === undefined ? error : downBy(error);
    }
  }

  /**
   * Does something with the open HSM.
   * @param repeatable whether it may be begun again after it failed half-way
   * @throws HsmDown, PinRefused, RangeError of `work`
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

  /** Whether something had to be opened anew since this was asked last. */
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
    this.#open = new OpenSlot(address, sessions, new SessionKeyCache(sessionKeysMax), this.#missing);
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

/** The HSM's failures, and the slot's absence; not a refused PIN, a caller's mistake or a defect of ours. */
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
