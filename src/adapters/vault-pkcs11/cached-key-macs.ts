import type { MacRequest, WrappedKey } from '../../ports/key-vault.ts';
import { mac, macWithShortKey, wipeScratch } from '../vault-keys/hmac.ts';
import type { UnwrappedKeys } from '../vault-keys/unwrapped-keys.ts';
import type { HsmThread } from './hsm-thread.ts';
import { KEY_STRIDE, stridedPart } from './packed-bytes.ts';
import { ownedKeysOf } from './thread-messages.ts';

type Macs = (Uint8Array | undefined)[];

/**
 * Computes MACs for custody `cached`: in this process, with keys that the HSM unwrapped into it. Unwrapping one key takes
 * the HSM a thousand times as long as this process takes for a MAC. So no key is requested twice, whether one batch needs
 * it several times or several batches need it at once.
 *
 * Why: docs/DECISIONS.md#the-hsm-unwraps-a-key-once
 */
export class CachedKeyMacs {
  readonly #thread: HsmThread;
  readonly #unwrapped: UnwrappedKeys;
  /** The calls under way that unwrap each key. */
  readonly #unwrapping = new Map<WrappedKey, Promise<unknown>>();
  /** Incremented by `clear` and `close`: keys requested under an earlier generation are not cached. */
  #generation = 0;

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

  /** Forgets all keys, after key-encryption keys were destroyed: keys unwrapped by them must not outlive them. */
  clear(): void {
    this.#generation++;
    this.#unwrapped.clear();
  }

  close(): void {
    this.#generation++;
    this.#unwrapped.close();
  }

  #computeHere({ owner, wrapped, algorithm, message }: MacRequest): Buffer | undefined {
    const found = this.#unwrapped.find(wrapped, owner);
    return found < 0 ? undefined : macWithShortKey(algorithm, this.#unwrapped.words, found, message);
  }

  /**
   * Computes the missed MACs. Requests the keys that no other call is unwrapping at once: waiting first would give their
   * version time to be destroyed.
   */
  async #fillIn(requests: readonly MacRequest[], macs: Macs, missed: readonly number[]): Promise<Macs> {
    const others = new Set<Promise<unknown>>();
    const awaited: number[] = [];
    const own: number[] = [];
    for (const index of missed) {
      const call = this.#unwrapping.get(requests[index]?.wrapped ?? '');
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
    // The other call failed, or unwrapped a key that is not cached.
    if (still.length > 0) await this.#ask(requests, macs, still);
    return macs;
  }

  async #ask(requests: readonly MacRequest[], macs: Macs, missed: readonly number[]): Promise<void> {
    const asked: MacRequest[] = [];
    /** For each missed request, the index of its key in `asked`. */
    const askedIndexes: number[] = [];
    const indexByWrapped = new Map<WrappedKey, number>();
    for (const index of missed) {
      const request = requests[index];
      if (!request) throw new Error('a request is missing');
      let askedIndex = indexByWrapped.get(request.wrapped);
      // A key has one owner: a request of another owner must not get the key because the true owner asks for it too.
      if (askedIndex === undefined || asked[askedIndex]?.owner !== request.owner) {
        askedIndex = asked.push(request) - 1;
        indexByWrapped.set(request.wrapped, askedIndex);
      }
      askedIndexes.push(askedIndex);
    }
    const generation = this.#generation;
    const call = this.#thread.call('unwrap', ownedKeysOf(asked), asked.length);
    for (const { wrapped } of asked) this.#unwrapping.set(wrapped, call);
    try {
      const keys = await call;
      for (const [askedIndex, { owner, wrapped }] of asked.entries()) {
        const key = stridedPart(keys, askedIndex, KEY_STRIDE);
        if (key && generation === this.#generation) this.#unwrapped.add(wrapped, owner, key);
      }
      for (const [i, index] of missed.entries()) {
        const key = stridedPart(keys, askedIndexes[i] ?? -1, KEY_STRIDE);
        const request = requests[index];
        if (key && request) macs[index] = mac(request.algorithm, key, request.message);
      }
      keys.bytes.fill(0);
      wipeScratch();
    } finally {
      for (const { wrapped } of asked) {
        if (this.#unwrapping.get(wrapped) === call) this.#unwrapping.delete(wrapped);
      }
    }
  }
}
