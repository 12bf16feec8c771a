import type { KeyOwner, WrappedKey } from '../../ports/key-vault.ts';
import type { Handle } from './cryptoki.ts';

interface CachedKeyObject {
  readonly handle: Handle;
  readonly owner: KeyOwner;
  /** Used since it was last passed over. */
  used: boolean;
}

/** Users' keys that lie unwrapped inside the HSM, so that a busy user costs one HMAC. Bounded: out goes what was not used lately. */
export class SessionKeyCache {
  readonly #keys = new Map<WrappedKey, CachedKeyObject>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** `wrapped`: the wrapped key, with something behind it where it lies inside in several forms. A key of another owner is not found. */
  find(wrapped: WrappedKey, owner: KeyOwner): Handle | undefined {
    const key = this.#keys.get(wrapped);
    if (!key || key.owner !== owner) return undefined;
    key.used = true;
    return key.handle;
  }

  add(wrapped: WrappedKey, owner: KeyOwner, handle: Handle): void {
    this.#keys.set(wrapped, { handle, owner, used: false });
  }

  /** Takes out what must go before one more is added. @returns its handle, for the caller to destroy */
  makeRoom(): Handle | undefined {
    return this.#keys.size < this.#max ? undefined : this.takeLeastRecent();
  }

  /** Takes out the oldest that was not used since the last time around. */
  takeLeastRecent(): Handle | undefined {
    for (const [wrapped, key] of this.#keys) {
      this.#keys.delete(wrapped);
      if (!key.used) return key.handle;
      key.used = false;
      this.#keys.set(wrapped, key);
    }
    return undefined;
  }

  /** Takes out every key for whose wrapped form this holds. @returns their handles, for the caller to destroy */
  takeWhere(gone: (wrapped: WrappedKey) => boolean): Handle[] {
    const handles: Handle[] = [];
    for (const [wrapped, { handle }] of this.#keys) {
      if (!gone(wrapped)) continue;
      this.#keys.delete(wrapped);
      handles.push(handle);
    }
    return handles;
  }

  /** Forgets them all: the session that made them is gone, and they with it. */
  forget(): void {
    this.#keys.clear();
  }
}
