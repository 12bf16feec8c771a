import type { UserId } from '../../ports/store.ts';

/**
 * Users who are being read or decided about, each with the latest version that was heard of meanwhile. What comes of the
 * reading may be older than the news, which is told once.
 */
export class VersionFence {
  readonly #users = new Map<UserId, { count: number; changedTo: number }>();

  begin(ids: readonly UserId[]): void {
    for (const id of ids) {
      const known = this.#users.get(id);
      if (known) known.count++;
      else this.#users.set(id, { count: 1, changedTo: 0 });
    }
  }

  /** Once for each `begin`, with the same users. */
  end(ids: readonly UserId[]): void {
    for (const id of ids) {
      const known = this.#users.get(id);
      if (known && --known.count === 0) this.#users.delete(id);
    }
  }

  change(id: UserId, version: number): void {
    const known = this.#users.get(id);
    if (known) known.changedTo = Math.max(known.changedTo, version);
  }

  changeAll(): void {
    for (const known of this.#users.values()) known.changedTo = Number.POSITIVE_INFINITY;
  }

  /** 0: nothing was heard. */
  changedTo(id: UserId): number {
    return this.#users.get(id)?.changedTo ?? 0;
  }
}
