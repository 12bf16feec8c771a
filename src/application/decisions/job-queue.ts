import { LIMITS, type Limits } from '../../limits.ts';
import type { PendingJob } from './job.ts';
import { UserTurns } from './user-turns.ts';

export type JobQueueLimits = Pick<
  Limits,
  'jobsInArrivalOrderMax' | 'pendingJobsMax' | 'pendingJobsPerUserMax'
>;

/**
 * Jobs that wait for a batch. Up to `jobsInArrivalOrderMax` they are taken in order of arrival. Those that arrive while
 * so many wait are taken after them, round robin by user (`UserTurns`), so a user who has none waiting is held up by the
 * number of users, not by the number of their jobs. One user's jobs stay in order of arrival.
 *
 * A full queue refuses the newest job of the user with most in turns (longest queue drop), or the job that arrives.
 *
 * Why: docs/DECISIONS.md#a-long-queue-of-decisions-goes-by-user
 */
export class JobQueue {
  readonly #limits: JobQueueLimits;
  /** Taken first. */
  #inOrder: PendingJob[] = [];
  readonly #turns = new UserTurns();

  constructor(limits: JobQueueLimits = LIMITS) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#inOrder.length + this.#turns.length;
  }

  /** @returns the job that has no place, which is not in the queue (any more): this one, or one of another user */
  push(pending: PendingJob): PendingJob | undefined {
    const { jobsInArrivalOrderMax, pendingJobsMax, pendingJobsPerUserMax } = this.#limits;
    if (this.#turns.length === 0 && this.#inOrder.length < jobsInArrivalOrderMax) {
      this.#inOrder.push(pending);
      return undefined;
    }
    const { userId } = pending.job;
    if (this.#turns.countOf(userId) >= pendingJobsPerUserMax) return pending;
    let refused: PendingJob | undefined;
    if (this.length >= pendingJobsMax) {
      refused = this.#turns.dropFor(userId);
      if (!refused) return pending;
    }
    this.#turns.push(pending);
    return refused;
  }

  /** Removes the jobs of the next batch. */
  take(max: number): PendingJob[] {
    const jobs = this.#inOrder.splice(0, max);
    if (this.#turns.length === 0) return jobs;
    while (jobs.length < max && this.#turns.length > 0) jobs.push(this.#turns.shift() as PendingJob);
    // What is left of the turns becomes the order of arrival.
    if (this.length <= this.#limits.jobsInArrivalOrderMax) {
      while (this.#turns.length > 0) this.#inOrder.push(this.#turns.shift() as PendingJob);
    }
    return jobs;
  }

  /** Puts jobs that were taken at the head of the queue, whatever its length. */
  putBack(jobs: readonly PendingJob[]): void {
    if (jobs.length > 0) this.#inOrder = jobs.concat(this.#inOrder);
  }
}
