import type { UserId } from '../ports/store.ts';
import type { Pending } from './round.ts';

/**
 * Jobs in order of arrival. Those of a batch keep their users to themselves: other jobs about the same users wait until
 * it ends, so that batches side by side never decide about one user.
 */
export class JobQueue {
  #ready: Pending[] = [];
  /** The users of the batches under way, each with the jobs that wait for them. */
  readonly #taken = new Map<UserId, Pending[] | undefined>();
  #held = 0;

  /** How many jobs wait, ready or not. */
  get length(): number {
    return this.#ready.length + this.#held;
  }

  get isReady(): boolean {
    return this.#ready.length > 0;
  }

  push(pending: Pending): void {
    this.#ready.push(pending);
  }

  /** At most so many, in their order; the users of those taken are `release`d when the batch ends. */
  take(jobsMax: number): Pending[] {
    const batch: Pending[] = [];
    let next = 0;
    for (; next < this.#ready.length && batch.length < jobsMax; next++) {
      const pending = this.#ready[next] as Pending;
      const { userId } = pending.job;
      if (!this.#taken.has(userId)) batch.push(pending);
      else this.#hold(userId, pending);
    }
    this.#ready = next === this.#ready.length ? [] : this.#ready.slice(next);
    for (const { job } of batch) this.#taken.set(job.userId, undefined);
    return batch;
  }

  /** @param again of the batch's own jobs, those to be decided once more: before all others about their users */
  release(batch: readonly Pending[], again: readonly Pending[]): void {
    const first = [...again];
    for (const { job } of batch) {
      const held = this.#taken.get(job.userId);
      this.#taken.delete(job.userId);
      if (!held) continue;
      this.#held -= held.length;
      first.push(...held);
    }
    if (first.length > 0) this.#ready = first.concat(this.#ready);
  }

  #hold(userId: UserId, pending: Pending): void {
    const held = this.#taken.get(userId);
    if (held) held.push(pending);
    else this.#taken.set(userId, [pending]);
    this.#held++;
  }
}
