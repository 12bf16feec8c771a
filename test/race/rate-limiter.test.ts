import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRateLimiter } from '../../src/adapters/memory/rate-limiter.ts';

test('a thousand times hundreds of callers race for the last of an allowance: exactly one has it', async () => {
  const limiter = new MemoryRateLimiter({ elapsedMs: () => 0 });
  const limit = { countMax: 5, windowMs: 60_000 };
  for (let round = 0; round < 1_000; round++) {
    const key = `round/${round}`;
    assert.equal(await limiter.take(key, limit, 4), 0);
    const waits = await Promise.all(Array.from({ length: 200 }, () => limiter.take(key, limit)));
    assert.equal(waits.filter((wait) => wait === 0).length, 1);
  }
});

test('callers that wait as long as the answer says are all served, never more than the limit in a window', async () => {
  let now = 0;
  const limiter = new MemoryRateLimiter({ elapsedMs: () => now });
  const limit = { countMax: 20, windowMs: 1_000 };
  const servedAt: number[] = [];
  let queue = Array.from({ length: 300 }, () => 0);
  while (queue.length > 0) {
    now = Math.min(...queue);
    const due = queue.filter((at) => at <= now);
    queue = queue.filter((at) => at > now);
    for (const wait of await Promise.all(due.map(() => limiter.take('key', limit)))) {
      if (wait === 0) servedAt.push(now);
      else queue.push(now + wait);
    }
  }
  assert.equal(servedAt.length, 300);
  for (const at of servedAt) {
    assert.ok(
      servedAt.filter((other) => other > at - limit.windowMs && other <= at).length <= limit.countMax,
    );
  }
  assert.equal(now, (300 / 20 - 1) * 1_000, 'none waited longer than needed');
});
