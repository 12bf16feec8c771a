import type { KeyOwner, WrappedKey } from '../../ports/key-vault.ts';
import type { Handle } from './cryptoki.ts';

interface CachedKeyObject {
  readonly handle: Handle;
  readonly owner: KeyOwner;
  /** Whether it was used since `takeLeastRecent` last passed it over. */
  used: boolean;
}

/**
 * The handles of users' keys that are session objects in the HSM, so that an active user's MAC costs one HMAC and no
 * unwrapping. Bounded, with second-chance eviction. Does NOT destroy objects: the caller does.
 */
export class SessionKeyCache {
  readonly #keys = new Map<WrappedKey, CachedKeyObject>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#keys.size;
  }

  /**
   * Returns the handle of a key of this owner.
   * @param wrapped `sessionKeyName` of the wrapped key
   */
  find(wrapped: WrappedKey, owner: KeyOwner): Handle | undefined {
    const key = this.#keys.get(wrapped);
    if (!key || key.owner !== owner) return undefined;
    key.used = true;
    return key.handle;
  }

  add(wrapped: WrappedKey, owner: KeyOwner, handle: Handle): void {
    this.#keys.set(wrapped, { handle, owner, used: false });
  }

  /** Removes one key when the cache is full. @returns its handle, for the caller to destroy */
  makeRoom(): Handle | undefined {
    return this.#keys.size < this.#max ? undefined : this.takeLeastRecent();
  }

  /**
   * Removes the oldest key that was not used since it was last passed over (second chance).
   * @returns its handle, for the caller to destroy
   */
  takeLeastRecent(): Handle | undefined {
    for (const [wrapped, key] of this.#keys) {
      this.#keys.delete(wrapped);
      if (!key.used) return key.handle;
      key.used = false;
      this.#keys.set(wrapped, key);
    }
    return undefined;
  }

  /** Removes every key whose wrapped form satisfies `gone`. @returns their handles, for the caller to destroy */
  takeWhere(gone: (wrapped: WrappedKey) => boolean): Handle[] {
    const handles: Handle[] = [];
    for (const [wrapped, { handle }] of this.#keys) {
      if (!gone(wrapped)) continue;
      this.#keys.delete(wrapped);
      handles.push(handle);
    }
    return handles;
  }

  /** Empties the cache after the session that owned the objects ended. */
  forget(): void {
    this.#keys.clear();
  }
}
