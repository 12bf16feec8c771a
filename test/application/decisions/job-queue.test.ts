/*
 * Goal: decisions that wait are made in order of arrival while few wait, and by turns of their users when many do, so
 * that a user with many jobs holds no other one up.
 * Method: the queue alone, with small bounds; then random users by fast-check.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PendingJob } from '../../../src/application/decisions/job.ts';
import { JobQueue, type JobQueueLimits } from '../../../src/application/decisions/job-queue.ts';
import { LIMITS } from '../../../src/limits.ts';

const SMALL: JobQueueLimits = { jobsInArrivalOrderMax: 4, pendingJobsMax: 12, pendingJobsPerUserMax: 6 };

interface Named extends PendingJob {
  readonly name: string;
}

class Jobs {
  readonly queue: JobQueue;
  readonly #counts = new Map<number, number>();

  constructor(limits: JobQueueLimits = SMALL) {
    this.queue = new JobQueue(limits);
  }

  /** @returns the name of the job that has no place */
  push(userId: number): string | undefined {
    const count = (this.#counts.get(userId) ?? 0) + 1;
    this.#counts.set(userId, count);
    return nameOf(this.queue.push(job(userId, count)));
  }

  take(max: number): (string | undefined)[] {
    return this.queue.take(max).map(nameOf);
  }
}

function job(userId: number, count: number): Named {
  return {
    name: `${userId}.${count}`,
    job: { userId, decide: () => ({ result: undefined }) },
    ...{ resolve() {}, reject() {}, attempts: 0, expiresAt: 0 },
  };
}

function nameOf(pending: PendingJob | undefined): string | undefined {
  return (pending as Named | undefined)?.name;
}

test('few jobs are taken in order of arrival', () => {
  const jobs = new Jobs();
  for (const userId of [1, 1, 2, 1]) jobs.push(userId);
  assert.deepEqual(jobs.take(3), ['1.1', '1.2', '2.1']);
  jobs.push(3);
  assert.deepEqual(jobs.take(3), ['1.3', '3.1']);
  assert.deepEqual(jobs.take(3), []);
});

test('those beyond are taken by turns of their users, each user’s in order of arrival', () => {
  const jobs = new Jobs();
  for (const userId of [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3]) jobs.push(userId);
  assert.deepEqual(jobs.take(8), ['1.1', '1.2', '1.3', '1.4', '1.5', '2.1', '3.1', '1.6']);
  // Few again: the turns of now are the order, and what arrives comes after them.
  jobs.push(4);
  assert.deepEqual(jobs.take(9), ['2.2', '1.7', '1.8', '4.1']);
});

test('jobs that are put back come first', () => {
  const jobs = new Jobs();
  for (const userId of [1, 1, 1, 1, 2, 2]) jobs.push(userId);
  jobs.queue.putBack(jobs.queue.take(2));
  assert.deepEqual(jobs.take(9), ['1.1', '1.2', '1.3', '1.4', '2.1', '2.2']);
});

test('a full queue refuses the newest job of the user with most; a user with as many gets no place', () => {
  const jobs = new Jobs();
  for (let n = 0; n < 4; n++) jobs.push(9);
  for (let n = 0; n < 6; n++) assert.equal(jobs.push(1), undefined);
  assert.equal(jobs.push(1), '1.7', 'a user has a bound of their own');
  for (let n = 0; n < 2; n++) assert.equal(jobs.push(2), undefined);
  assert.equal(jobs.push(3), '1.6');
  assert.equal(jobs.push(2), '1.5');
  assert.equal(jobs.push(2), '2.4', 'one who would then have more than the largest is refused');
  assert.equal(jobs.queue.length, 12);
  assert.deepEqual(jobs.take(4), ['9.1', '9.2', '9.3', '9.4']);
  assert.deepEqual(jobs.take(12), ['1.1', '2.1', '3.1', '1.2', '2.2', '1.3', '2.3', '1.4']);
});

test('whatever some users submit, a newcomer gets a place, and waits for the order of arrival and one job of each', () => {
  const steps = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ userId: fc.nat(7), count: fc.integer({ min: 1, max: 40 }) }) },
      { weight: 1, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 16 }) }) },
      { weight: 1, arbitrary: fc.record({ putBack: fc.integer({ min: 1, max: 16 }) }) },
    ),
    { maxLength: 60 },
  );
  const limits = { jobsInArrivalOrderMax: 16, pendingJobsMax: 64, pendingJobsPerUserMax: 32 };
  fc.assert(
    fc.property(steps, (all) => {
      const jobs = new Jobs(limits);
      const refused: string[] = [];
      const taken: string[] = [];
      let submitted = 0;
      const push = (userId: number) => {
        const name = jobs.push(userId);
        if (name !== undefined) refused.push(name);
        submitted++;
      };
      for (const step of all) {
        if ('userId' in step) for (let n = 0; n < step.count; n++) push(step.userId);
        else if ('take' in step) taken.push(...(jobs.take(step.take) as string[]));
        else jobs.queue.putBack(jobs.queue.take(step.putBack));
        assert.ok(jobs.queue.length <= limits.pendingJobsMax);
      }
      push(99);
      assert.ok(!refused.includes('99.1'));
      const rest = jobs.take(Number.POSITIVE_INFINITY) as string[];
      const before = rest.indexOf('99.1');
      // The order of arrival, jobs put back at its head, and one job of each of eight users.
      assert.ok(before >= 0 && before <= limits.jobsInArrivalOrderMax + 16 + 8, `${before} before`);
      taken.push(...rest);
      assert.equal(taken.length + refused.length, submitted);
      assert.equal(new Set([...taken, ...refused]).size, submitted);
      const lastOf = new Map<string, number>();
      for (const name of taken) {
        const [userId = '', count] = name.split('.');
        assert.ok(Number(count) > (lastOf.get(userId) ?? 0), `${name} was overtaken`);
        lastOf.set(userId, Number(count));
      }
    }),
  );
});

test('a full queue of real size takes newcomers in, and gives each user’s jobs out in order', () => {
  const queue = new JobQueue();
  const { pendingJobsMax } = LIMITS;
  for (let n = 0; n < pendingJobsMax; n++) assert.equal(queue.push(job(n % 7, n)), undefined);
  for (let n = 0; n < 5_000; n++) assert.notEqual(queue.push(job(100 + n, n))?.job.userId, 100 + n);
  const lastOf = new Map<number, number>();
  let taken = 0;
  while (queue.length > 0) {
    for (const { name, job: one } of queue.take(LIMITS.batchMax) as Named[]) {
      const count = Number(name.split('.')[1]);
      assert.ok(count > (lastOf.get(one.userId) ?? -1), `${name} was overtaken`);
      lastOf.set(one.userId, count);
      taken++;
    }
  }
  assert.equal(taken, pendingJobsMax);
  assert.equal(lastOf.size, 5_007);
});
