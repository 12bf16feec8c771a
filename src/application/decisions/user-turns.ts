import type { UserId } from '../../ports/store.ts';
import { Fifo } from './fifo.ts';
import type { PendingJob } from './job.ts';

type JobsOfUser = Fifo<PendingJob>;

/** Jobs that are taken round robin by user; each user's in order of arrival. Does NOT bound their number. */
export class UserTurns {
  /** Users with jobs. */
  readonly #users = new Map<UserId, JobsOfUser>();
  /** The same; who is next stands first. */
  readonly #line = new Fifo<{ readonly userId: UserId; readonly jobs: JobsOfUser }>();
  /** The same by their number of jobs, which is the index. */
  readonly #byCount: Set<JobsOfUser>[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  countOf(userId: UserId): number {
    return this.#users.get(userId)?.length ?? 0;
  }

  push(pending: PendingJob): void {
    const { userId } = pending.job;
    let jobs = this.#users.get(userId);
    if (!jobs) {
      jobs = new Fifo();
      this.#users.set(userId, jobs);
      this.#line.push({ userId, jobs });
    }
    jobs.push(pending);
    this.#counted(jobs, jobs.length - 1);
  }

  /** Removes the oldest job of the user whose turn it is. */
  shift(): PendingJob | undefined {
    const next = this.#line.shift();
    if (!next) return undefined;
    const { userId, jobs } = next;
    const pending = jobs.shift();
    this.#counted(jobs, jobs.length + 1);
    if (jobs.length > 0) this.#line.push(next);
    else this.#users.delete(userId);
    return pending;
  }

  /**
   * Removes the newest job of the user with most, if that one then still has as many as the given user with one more.
   */
  dropFor(userId: UserId): PendingJob | undefined {
    const [largest] = this.#byCount.at(-1) ?? [];
    if (!largest || largest.length - 1 < this.countOf(userId) + 1) return undefined;
    const dropped = largest.pop();
    this.#counted(largest, largest.length + 1);
    return dropped;
  }

  /** Puts a user's jobs under their present number. */
  #counted(jobs: JobsOfUser, before: number): void {
    this.#length += jobs.length - before;
    this.#byCount[before]?.delete(jobs);
    while (this.#byCount.length <= jobs.length) this.#byCount.push(new Set());
    if (jobs.length > 0) this.#byCount[jobs.length]?.add(jobs);
    while (this.#byCount.at(-1)?.size === 0) this.#byCount.pop();
  }
}
