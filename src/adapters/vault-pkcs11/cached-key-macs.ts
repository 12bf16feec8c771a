import type { MacRequest, WrappedKey } from '../../ports/key-vault.ts';
import { mac, macWithShortKey, wipeScratch } from '../vault-keys/hmac.ts';
import type { UnwrappedKeys } from '../vault-keys/unwrapped-keys.ts';
import type { HsmThread } from './hsm-thread.ts';
import { KEY_STRIDE, ownedKeysOf, stridedPart } from './thread-messages.ts';

type Macs = (Uint8Array | undefined)[];

/**
 * Custody `cached`: MACs computed in this process with keys that the HSM unwrapped into it. The HSM takes a thousand
 * times as long for a key as this process for a MAC, so no key is asked for twice, whether one batch needs it several
 * times or several batches at once.
 */
export class CachedKeyMacs {
  readonly #thread: HsmThread;
  readonly #unwrapped: UnwrappedKeys;
  /** Keys on their way, each with the call that brings it. */
  readonly #arriving = new Map<WrappedKey, Promise<unknown>>();
  /** How often `clear` or `close` was called: what was asked for before is not kept. */
  #era = 0;

  constructor(thread: HsmThread, unwrapped: UnwrappedKeys) {
    this.#thread = thread;
    this.#unwrapped = unwrapped;
  }

  /** As `KeyVault.computeMacs`. @throws VaultUnavailable when keys are missing and the HSM does not bring them */
  async compute(requests: readonly MacRequest[]): Promise<Macs> {
    this.#unwrapped.expire();
    const missed: number[] = [];
    const macs: Macs = requests.map((request, i) => {
      const computed = this.#computeHere(request);
      if (!computed) missed.push(i);
      return computed;
    });
    wipeScratch();
    return missed.length === 0 ? macs : this.#fillIn(requests, macs, missed);
  }

  /** A version of key-encryption keys was destroyed: what was unwrapped by it does not outlive it. */
  clear(): void {
    this.#era++;
    this.#unwrapped.clear();
  }

  close(): void {
    this.#era++;
    this.#unwrapped.close();
  }

  #computeHere({ owner, wrapped, algorithm, message }: MacRequest): Buffer | undefined {
    const found = this.#unwrapped.find(wrapped, owner);
    return found < 0 ? undefined : macWithShortKey(algorithm, this.#unwrapped.words, found, message);
  }

  /** Asks at once for what nobody else has asked for: later its version may be destroyed. */
  async #fillIn(requests: readonly MacRequest[], macs: Macs, missed: readonly number[]): Promise<Macs> {
    const others = new Set<Promise<unknown>>();
    const awaited: number[] = [];
    const own: number[] = [];
    for (const index of missed) {
      const call = this.#arriving.get(requests[index]?.wrapped ?? '');
      if (call) others.add(call);
      (call ? awaited : own).push(index);
    }
    await Promise.all([
      own.length === 0 ? undefined : this.#ask(requests, macs, own),
      Promise.allSettled(others),
    ]);
    const still = awaited.filter((index) => {
      const request = requests[index];
      macs[index] = request && this.#computeHere(request);
      return !macs[index];
    });
    wipeScratch();
    // Its call failed, which was another's failure, or brought a key that is not kept.
    if (still.length > 0) await this.#ask(requests, macs, still);
    return macs;
  }

  async #ask(requests: readonly MacRequest[], macs: Macs, missed: readonly number[]): Promise<void> {
    const asked: MacRequest[] = [];
    /** Where in `asked` the key of each of these is. */
    const places: number[] = [];
    const placeOf = new Map<WrappedKey, number>();
    for (const index of missed) {
      const request = requests[index];
      if (!request) throw new Error('a request is missing');
      let place = placeOf.get(request.wrapped);
      // Of two owners one is not the key's, and may not have it because the other does.
      if (place === undefined || asked[place]?.owner !== request.owner) {
        place = asked.push(request) - 1;
        placeOf.set(request.wrapped, place);
      }
      places.push(place);
    }
    const era = this.#era;
    const call = this.#thread.call('unwrap', ownedKeysOf(asked), asked.length);
    for (const { wrapped } of asked) this.#arriving.set(wrapped, call);
    try {
      const keys = await call;
      for (const [place, { owner, wrapped }] of asked.entries()) {
        const key = stridedPart(keys, place, KEY_STRIDE);
        if (key && era === this.#era) this.#unwrapped.add(wrapped, owner, key);
      }
      for (const [i, index] of missed.entries()) {
        const key = stridedPart(keys, places[i] ?? -1, KEY_STRIDE);
        const request = requests[index];
        if (key && request) macs[index] = mac(request.algorithm, key, request.message);
      }
      keys.bytes.fill(0);
      wipeScratch();
    } finally {
      for (const { wrapped } of asked) {
        if (this.#arriving.get(wrapped) === call) this.#arriving.delete(wrapped);
      }
    }
  }
}
