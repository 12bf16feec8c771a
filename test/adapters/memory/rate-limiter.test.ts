/*
 * Goal: the limiter in memory is exact to the millisecond and bounded in memory.
 * Method: the contract suite of all limiters, then a clock that only the test moves.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MemoryRateLimiter } from '../../../src/adapters/memory/rate-limiter.ts';
import { SlidingWindow } from '../../../src/adapters/memory/sliding-window.ts';
import { LIMITS } from '../../../src/limits.ts';
import { rateLimiterContract } from '../../contract/rate-limiter.ts';

rateLimiterContract('memory', async () => ({
  limiter: new MemoryRateLimiter(),
  remove: async () => undefined,
}));

describe('rate limiter: memory, with the time stopped', () => {
  /** Each step: ms since the one before, and what it would take. */
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 3 })), {
    minLength: 50,
    maxLength: 200,
  });

  test('in no window more passes than the limit, and a wait is exact', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 3, max: 60 }), async (taken, countMax) => {
        const limit = { countMax, windowMs: 5_000 };
        let now = 0;
        const limiter = new MemoryRateLimiter({ elapsedMs: () => now });
        const passed: { at: number; cost: number }[] = [];
        const inWindow = (at: number) =>
          passed.reduce((sum, each) => (each.at > at - limit.windowMs ? sum + each.cost : sum), 0);
        for (const [ms, cost] of taken) {
          now += ms;
          let wait = await limiter.take('key', limit, cost);
          if (wait > 0) {
            assert.ok(wait <= limit.windowMs);
            now += wait - 1;
            assert.equal(await limiter.take('key', limit, cost), 1, 'a millisecond earlier it is refused');
            now += 1;
            wait = await limiter.take('key', limit, cost);
          }
          assert.equal(wait, 0);
          passed.push({ at: now, cost });
          assert.ok(inWindow(now) <= countMax);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('while there are few moments, the allowance returns as soon as they leave the window', async () => {
    let now = 0;
    const limiter = new MemoryRateLimiter({ elapsedMs: () => now });
    const limit = { countMax: LIMITS.rateLimitMomentsMax, windowMs: 10_000 };
    for (let i = 0; i < limit.countMax; i++, now += 10) assert.equal(await limiter.take('key', limit), 0);
    for (let i = 0; i < limit.countMax; i++) {
      now = 10_000 + i * 10 - 1;
      assert.equal(await limiter.take('key', limit), 1);
      now++;
      assert.equal(await limiter.take('key', limit), 0);
      assert.equal(await limiter.take('key', limit), i + 1 < limit.countMax ? 10 : 10_000 - 150);
    }
  });

  test('a steady pace at the limit is let through, but for a sixteenth at most', async () => {
    let now = 0;
    const limiter = new MemoryRateLimiter({ elapsedMs: () => now });
    const limit = { countMax: 1_000, windowMs: 60_000 };
    let passed = 0;
    for (; now < 600_000; now += 20) if ((await limiter.take('key', limit)) === 0) passed++;
    assert.ok(passed <= 10_000 && passed >= 10_000 * (1 - 1.5 / 16), String(passed));
  });

  test('remembers a bounded number of keys: evicts first those with their full allowance, then the stalest', async () => {
    let now = 0;
    const limiter = new MemoryRateLimiter({ elapsedMs: () => now, keysMax: 100 });
    const long = { countMax: 1, windowMs: 100_000 };
    const short = { countMax: 1, windowMs: 100 };
    for (let i = 0; i < 50; i++) await limiter.take(`long/${i}`, long);
    now = 50;
    for (let i = 0; i < 50; i++) await limiter.take(`short/${i}`, short);
    assert.equal(limiter.size, 100);
    // Asked again, and so no longer the stalest.
    assert.notEqual(await limiter.take('long/0', long), 0);
    await limiter.take('new/0', long);
    assert.equal(limiter.size, 100);
    assert.equal(await limiter.take('long/1', long), 0, 'the stalest was forgotten');
    assert.notEqual(await limiter.take('long/0', long), 0);
    for (let i = 0; i < 10_000; i++) {
      await limiter.take(`flood/${i}`, long);
      assert.ok(limiter.size <= 100);
    }
    now = 200_000;
    for (let i = 0; i < 40; i++) await limiter.take('the one left', long);
    for (let i = 0; i < 40; i++) await limiter.take(`later/${i}`, long);
    assert.ok(limiter.size <= 50, `what is whole again is swept out: ${limiter.size}`);
  });

  test('a key takes bounded memory, and forgets nothing of it', () => {
    const window = new SlidingWindow();
    const limit = { countMax: 1e9, windowMs: 60_000 };
    for (let i = 0; i < 300_000; i++) {
      assert.equal(window.take(i / 8, limit, 1), 0);
      assert.ok(window.size <= 2 * LIMITS.rateLimitMomentsMax);
    }
    const now = 300_000 / 8;
    assert.notEqual(window.take(now, { ...limit, countMax: 300_000 }, 1), 0);
    assert.equal(window.take(now, { ...limit, countMax: 300_001 }, 1), 0);
  });

  test('what costs more than the limit is never taken', async () => {
    const limiter = new MemoryRateLimiter({ elapsedMs: () => 0 });
    assert.equal(await limiter.take('key', { countMax: 2, windowMs: 1_000 }, 3), 1_000);
    assert.equal(await limiter.take('key', { countMax: 0, windowMs: 1_000 }), 1_000);
    assert.equal(await limiter.take('key', { countMax: 2, windowMs: 1_000 }, 2), 0);
  });

  test('keeps no process alive', () => {
    const module = new URL('../../../src/adapters/memory/rate-limiter.ts', import.meta.url);
    const program = `
      import { MemoryRateLimiter } from ${JSON.stringify(module.href)};
      const limiter = new MemoryRateLimiter();
      await limiter.take('key', { countMax: 1, windowMs: 600_000 });
      if (await limiter.take('key', { countMax: 1, windowMs: 600_000 }) === 0) process.exitCode = 1;`;
    const child = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      timeout: 10_000,
      encoding: 'utf8',
    });
    assert.deepEqual([child.status, child.stderr], [0, '']);
  });
});
