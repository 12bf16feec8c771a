import { versionOf } from '../vault-keys/wrapped-key.ts';
import type { Handle } from './cryptoki.ts';
import { KeysGone } from './errors.ts';
import { type KeyListing, type KeyVersion, listKeys } from './key-listing.ts';
import type { HsmAddress } from './pkcs11-uri.ts';
import type { SessionKeyCache } from './session-key-cache.ts';
import type { Sessions } from './slot-connection.ts';

/** What tells the slot's keys from those of another slot of the same label: the id of the oldest verification key. */
export interface SlotIdentity {
  firstKeyId: string | undefined;
}

/**
 * A slot with a logged-in user: its sessions, the listing of its keys, and users' keys unwrapped as session objects.
 *
 * Why: docs/DECISIONS.md#the-first-server-makes-the-keys
 */
export class OpenSlot {
  readonly address: HsmAddress;
  readonly sessions: Sessions;
  readonly sessionKeys: SessionKeyCache;
  /** Indexes into `MECHANISM_NEEDS`. */
  readonly missingMechanisms: readonly number[];
  /** Shared by the slots that are opened one after the other. */
  readonly #identity: SlotIdentity;
  #keys: KeyListing;
  #keysExpected = false;
  #versions = new Map<number, KeyVersion>();
  #listedAt = 0;

  constructor(
    address: HsmAddress,
    sessions: Sessions,
    sessionKeys: SessionKeyCache,
    missingMechanisms: readonly number[],
    identity: SlotIdentity,
  ) {
    this.#identity = identity;
    this.address = address;
    this.sessions = sessions;
    this.sessionKeys = sessionKeys;
    this.missingMechanisms = missingMechanisms;
    this.#keys = this.relistKeys();
  }

  /**
   * Returns the listing of the keys, listing them anew when it is older than `ageMsMax`: another server may have created
   * or destroyed some since.
   * @throws KeysGone
   */
  keys(ageMsMax = Number.POSITIVE_INFINITY): KeyListing {
    return performance.now() - this.#listedAt > ageMsMax ? this.relistKeys() : this.#keys;
  }

  /** Treats a slot without keys as lost from now on. @throws KeysGone */
  expectKeys(): void {
    this.#keysExpected = true;
    this.#checkKeys(this.#keys);
  }

  /** Lists the keys anew, and destroys session objects whose key-encryption key is gone. @throws KeysGone */
  relistKeys(): KeyListing {
    const keys = listKeys(this.sessions, this.address.keyPrefix);
    this.#checkKeys(keys);
    this.#keys = keys;
    this.#versions = new Map(keys.versions.map((version) => [version.version, version]));
    this.#listedAt = performance.now();
    for (const handle of this.sessionKeys.takeWhere((wrapped) => !this.#versions.has(versionOf(wrapped)))) {
      this.destroySessionKey(handle);
    }
    return keys;
  }

  version(version: number): KeyVersion | undefined {
    return this.#versions.get(version);
  }

  destroySessionKey(handle: Handle): void {
    this.sessions.library.C_DestroyObject(this.sessions.objectSession, handle);
  }

  #checkKeys({ versions, signingKeys }: KeyListing): void {
    if (!this.#keysExpected) return;
    if (versions.length === 0) throw new KeysGone('the HSM shows none of its keys');
    const firstKeyId = signingKeys.at(-1)?.jwk.kid;
    this.#identity.firstKeyId ??= firstKeyId;
    if (firstKeyId !== this.#identity.firstKeyId)
      throw new KeysGone('the HSM shows other keys than it did before');
  }
}
