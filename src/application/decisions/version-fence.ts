import type { UserId } from '../../ports/store.ts';

/**
 * Keeps users that a load or a batch returns too late out of the cache. While a user is being loaded or decided about,
 * the fence holds the latest version that another server was reported to have appended; an older result is not admitted.
 * Each change is reported once, so without the fence a load that started before the report would undo it.
 */
export class VersionFence {
  readonly #users = new Map<UserId, { holders: number; versionMin: number }>();

  open(ids: readonly UserId[]): void {
    for (const id of ids) {
      const fenced = this.#users.get(id);
      if (fenced) fenced.holders++;
      else this.#users.set(id, { holders: 1, versionMin: 0 });
    }
  }

  /** Call once for each `open`, with the same users. */
  close(ids: readonly UserId[]): void {
    for (const id of ids) {
      const fenced = this.#users.get(id);
      if (fenced && --fenced.holders === 0) this.#users.delete(id);
    }
  }

  /** Has no effect on a user who is neither being loaded nor decided about. */
  raise(id: UserId, version: number): void {
    const fenced = this.#users.get(id);
    if (fenced) fenced.versionMin = Math.max(fenced.versionMin, version);
  }

  /** Rejects every result for the users fenced at this moment, until their fence is closed. */
  raiseAll(): void {
    for (const fenced of this.#users.values()) fenced.versionMin = Number.POSITIVE_INFINITY;
  }

  admits(id: UserId, version: number): boolean {
    const fenced = this.#users.get(id);
    return fenced === undefined || version >= fenced.versionMin;
  }
}
