import type { UserId } from '../../ports/store.ts';
import type { User } from '../users/user.ts';

/**
 * The users decided about lately, at most `usersMax`. To decisions a stale one is harmless: they are superseded. Who only
 * looks is right for as long as other servers' entries are told to the decider (`learn`).
 * Two generations: when the young one is full it becomes the old one, and what is still asked for moves back.
 */
export class GenerationalCache {
  readonly #generationMax: number;
  #young = new Map<UserId, User>();
  #old = new Map<UserId, User>();

  constructor(usersMax: number) {
    this.#generationMax = Math.max(1, Math.ceil(usersMax / 2));
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(id: UserId): User | undefined {
    const young = this.#young.get(id);
    if (young) return young;
    const old = this.#old.get(id);
    if (old) {
      this.#old.delete(id);
      this.set(id, old);
    }
    return old;
  }

  /** Without a say in who stays. */
  peek(id: UserId): User | undefined {
    return this.#young.get(id) ?? this.#old.get(id);
  }

  set(id: UserId, user: User): void {
    if (this.#young.size >= this.#generationMax && !this.#young.has(id)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, user);
    this.#old.delete(id);
  }

  delete(id: UserId): void {
    this.#young.delete(id);
    this.#old.delete(id);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
