/*
 * Goal: every rate limiter lets through exactly as many calls as its limit, even of hundreds at once.
 * Method: one suite in real time, run against each limiter; a round during which the machine stalled is repeated.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RateLimiter } from '../../src/ports/rate-limiter.ts';
import { until } from '../waiting.ts';

export interface RateLimiterFixture {
  readonly limiter: RateLimiter;
  remove(): Promise<void>;
}

/** Timers may fire a little early, and a server of its own has its own clock. */
const SLACK_MS = 5;

/** What every rate limiter must do, in real time, for one on another machine has its own clock. */
export function rateLimiterContract(name: string, create: () => Promise<RateLimiterFixture>): void {
  describe(`rate limiter: ${name}`, () => {
    let fixture: RateLimiterFixture;
    let limiter: RateLimiter;
    before(async () => {
      fixture = await create();
      limiter = fixture.limiter;
    });
    after(() => fixture.remove());

    test('gives as many as the limit says, then the time to wait', async () => {
      const key = randomUUID();
      const limit = { countMax: 3, windowMs: 60_000 };
      for (let i = 0; i < 3; i++) assert.equal(await limiter.take(key, limit), 0);
      for (let i = 0; i < 5; i++) {
        const wait = await limiter.take(key, limit);
        assert.ok(Number.isInteger(wait) && wait > 50_000 && wait <= 60_000, String(wait));
      }
    });

    test('what is refused takes nothing, and after the wait the same call succeeds', async () => {
      const limit = { countMax: 2, windowMs: 250 };
      /** Both places taken, one 60 ms after the other. @returns undefined where the machine took longer than the window */
      const taken = async () => {
        const key = randomUUID();
        const startedAt = performance.now();
        assert.equal(await limiter.take(key, limit), 0);
        await sleep(60);
        const secondAt = performance.now();
        assert.equal(await limiter.take(key, limit), 0);
        const first = await limiter.take(key, limit);
        if (performance.now() - startedAt >= limit.windowMs) return undefined;
        assert.ok(first > 0 && first <= 250 - 50, `the first of the two leaves first: ${first}`);
        for (let i = 0; i < 50; i++) await limiter.take(key, limit);
        await sleep(first + SLACK_MS);
        const outcomes = [await limiter.take(key, limit), await limiter.take(key, limit)];
        return performance.now() - secondAt < limit.windowMs ? outcomes : undefined;
      };
      const [freed, next] = await until(taken);
      assert.equal(freed, 0);
      assert.notEqual(next, 0);
    });

    test('takes more than one at a time, all or nothing', async () => {
      const key = randomUUID();
      const limit = { countMax: 10, windowMs: 60_000 };
      assert.equal(await limiter.take(key, limit, 7), 0);
      assert.notEqual(await limiter.take(key, limit, 4), 0);
      assert.equal(await limiter.take(key, limit, 3), 0);
      assert.notEqual(await limiter.take(key, limit), 0);
      const other = randomUUID();
      assert.notEqual(await limiter.take(other, limit, 11), 0);
      assert.equal(await limiter.take(other, limit, 10), 0);
    });

    test('keeps keys apart, whatever text they are', async () => {
      const suffix = randomUUID();
      const limit = { countMax: 1, windowMs: 60_000 };
      const keys = ['', '__proto__', 'constructor', 'a b\n*', 'clé/ñ', 'x'.repeat(1_000), '::1', 'a', 'a/b'];
      for (const key of keys) assert.equal(await limiter.take(`${key}${suffix}`, limit), 0, key);
      for (const key of keys) assert.notEqual(await limiter.take(`${key}${suffix}`, limit), 0, key);
      const base = randomUUID();
      const apart = ['__proto__', 'constructor', 'toString'].map((key) =>
        limiter.take(key, { ...limit, countMax: 1e9 }),
      );
      assert.deepEqual(await Promise.all(apart), [0, 0, 0]);
      assert.equal(await limiter.take(base, limit), 0);
    });

    test('of hundreds of parallel callers exactly as many succeed as the limit says', async () => {
      for (const [callers, countMax, cost] of [
        [500, 1, 1],
        [500, 10, 1],
        [300, 299, 1],
        [400, 100, 3],
      ] as const) {
        const key = randomUUID();
        const takes = Array.from({ length: callers }, () =>
          limiter.take(key, { countMax, windowMs: 60_000 }, cost),
        );
        const succeeded = (await Promise.all(takes)).filter((wait) => wait === 0).length;
        assert.equal(succeeded, Math.floor(countMax / cost));
      }
    });
  });
}
