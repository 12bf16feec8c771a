/*
 * Goal: one allowance for several servers in a real Redis, and each server's own while Redis is gone, hung or slow.
 * Method: limiters of two servers on one redis-server, which is killed, stopped and started again.
 */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, type TestContext, test } from 'node:test';
import { MemoryRateLimiter } from '../../../src/adapters/memory/rate-limiter.ts';
import { RedisRateLimiter } from '../../../src/adapters/redis/rate-limiter.ts';
import { redisOptions } from '../../../src/adapters/redis/redis-url.ts';
import { StartRefused } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { RateLimiter } from '../../../src/ports/rate-limiter.ts';
import { rateLimiterContract } from '../../contract/rate-limiter.ts';
import { CERTIFICATES } from '../../services/certificates.ts';
import { RedisService } from '../../services/redis.ts';
import { until } from '../../waiting.ts';

const NAME_KEY = randomBytes(32);
const minute = (countMax: number) => ({ countMax, windowMs: 60_000 });

class Notes {
  readonly lines: string[] = [];
  info(fields: object, message: string): void {
    this.lines.push(`info ${message} ${JSON.stringify(fields)}`);
  }
  warn(fields: object, message: string): void {
    this.lines.push(`warn ${message} ${JSON.stringify(fields)}`);
  }
}

/** On a busy machine an answer may take longer than requests wait for it: what is not about that waits longer. */
const PATIENT_MS = 5_000;

async function openLimiter(
  url: string,
  {
    ca,
    log = new Notes(),
    answerTimeMs = PATIENT_MS,
  }: { ca?: string; log?: Notes; answerTimeMs?: number } = {},
) {
  return RedisRateLimiter.open({
    redis: redisOptions(url, ca),
    answerTimeMs,
    nameKey: async () => NAME_KEY,
    own: new MemoryRateLimiter(),
    log,
  });
}

async function becomes(limiter: RateLimiter, degraded: boolean): Promise<void> {
  await until(() => limiter.degraded === degraded, { what: degraded ? 'degraded' : 'shared' });
}

let redis: RedisService;
before(async () => {
  redis = await RedisService.start();
});
after(() => redis.remove());

rateLimiterContract('Redis', async () => {
  const limiter = await openLimiter(redis.url);
  assert.equal(limiter.degraded, false);
  return { limiter, remove: () => limiter.close() };
});

describe('rate limiter: Redis, shared by two servers', () => {
  async function two(t: TestContext) {
    const limiters = [await openLimiter(redis.url), await openLimiter(redis.url)] as const;
    t.after(() => Promise.all(limiters.map((limiter) => limiter.close())));
    return limiters;
  }

  test('what one gave the other has no more; a race has one winner', async (t) => {
    const [a, b] = await two(t);
    const key = randomUUID();
    for (let i = 0; i < 4; i++) assert.equal(await (i % 2 ? a : b).take(key, minute(4)), 0);
    assert.notEqual(await a.take(key, minute(4)), 0);
    assert.notEqual(await b.take(key, minute(4)), 0);
    for (let round = 0; round < 20; round++) {
      const last = randomUUID();
      assert.equal(await a.take(last, minute(5), 4), 0);
      const waits = await Promise.all(
        Array.from({ length: 100 }, (_, i) => (i % 2 ? a : b).take(last, minute(5))),
      );
      assert.equal(waits.filter((wait) => wait === 0).length, 1);
    }
  });

  test('Redis sees neither names nor addresses, and every key leaves by itself', async (t) => {
    const [a] = await two(t);
    await redis.command('FLUSHALL');
    await a.take('log-in/203.0.113.7', { countMax: 5, windowMs: 2_000 });
    await a.take('enrolment/alice', minute(5));
    const keys = (await redis.command('KEYS', '*')) as string[];
    assert.equal(keys.length, 2);
    for (const key of keys) {
      assert.match(key, /^sello:rate:[\w-]{22}$/);
      const ttlMs = Number(await redis.command('PTTL', key));
      assert.ok(ttlMs > 0 && ttlMs <= 60_000, String(ttlMs));
    }
  });

  test('a key takes bounded memory however often it is asked for', async (t) => {
    const [a] = await two(t);
    await redis.command('FLUSHALL');
    const limit = { countMax: 1e9, windowMs: 1_000 };
    const until = performance.now() + 600;
    while (performance.now() < until) assert.equal(await a.take('busy', limit), 0);
    const [key = ''] = (await redis.command('KEYS', '*')) as string[];
    const bytes = Number(await redis.command('STRLEN', key));
    assert.ok(bytes > 0 && bytes <= 2 * LIMITS.rateLimitMomentsMax * 3 * 9 + 5, String(bytes));
  });

  test('Redis is not asked again about a known wait', async (t) => {
    const [a] = await two(t);
    const key = randomUUID();
    assert.equal(await a.take(key, minute(1)), 0);
    assert.notEqual(await a.take(key, minute(1)), 0);
    const calls = async () =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await redis.command('INFO', 'commandstats')))?.[1]);
    const before = await calls();
    for (let i = 0; i < 100; i++) assert.notEqual(await a.take(key, minute(1)), 0);
    assert.equal(await calls(), before);
    // Another limit for the same key is another question.
    assert.equal(await a.take(key, minute(2)), 0);
    assert.equal(await calls(), before + 1);
  });

  test('a forgotten script is sent again', async (t) => {
    const [a] = await two(t);
    await redis.command('SCRIPT', 'FLUSH');
    assert.equal(await a.take(randomUUID(), minute(1)), 0);
    assert.equal(a.degraded, false);
  });

  test('a clock that stepped back delays callers for no longer than a window', async (t) => {
    const [a] = await two(t);
    await redis.command('FLUSHALL');
    const key = randomUUID();
    assert.equal(await a.take(key, minute(2)), 0);
    const [name = ''] = (await redis.command('KEYS', '*')) as string[];
    // As if the moment had been written by a clock an hour ahead.
    const ahead = `local m = cmsgpack.unpack(redis.call('GET', KEYS[1])); m[1] = m[1] + 3600000; m[2] = m[2] + 3600000; return redis.call('SET', KEYS[1], cmsgpack.pack(m), 'KEEPTTL')`;
    await redis.command('EVAL', ahead, '1', name);
    assert.equal(await a.take(key, minute(2)), 0);
    const wait = await a.take(key, minute(2));
    assert.ok(wait > 50_000 && wait <= 60_000, String(wait));
  });
});

describe('rate limiter: Redis that fails', () => {
  test('killed: its own memory at once, which knows what was given; said once; shared again when it is back', async (t) => {
    const service = await RedisService.start();
    t.after(() => service.remove());
    const log = new Notes();
    const limiter = await openLimiter(service.url, { log });
    t.after(() => limiter.close());
    const key = randomUUID();
    for (let i = 0; i < 3; i++) assert.equal(await limiter.take(key, minute(5)), 0);
    await service.kill();
    assert.equal(await limiter.take(key, minute(5)), 0);
    assert.equal(await limiter.take(key, minute(5)), 0);
    assert.notEqual(await limiter.take(key, minute(5)), 0, 'an outage is no fresh start');
    assert.equal(limiter.degraded, true);
    for (let i = 0; i < 50; i++) await limiter.take(randomUUID(), minute(5));
    await service.restart();
    await becomes(limiter, false);
    assert.equal(await limiter.take(randomUUID(), minute(1)), 0);
    assert.equal(log.lines.length, 2, log.lines.join('\n'));
    assert.match(log.lines[0] ?? '', /^warn rate limits are not shared/);
    assert.match(log.lines[1] ?? '', /^info rate limits are shared again/);
  });

  test('hung: hundreds of callers wait once, not one after the other; later callers do not wait', async (t) => {
    const service = await RedisService.start();
    t.after(() => service.remove());
    const log = new Notes();
    const limiter = await openLimiter(service.url, { log, answerTimeMs: LIMITS.redisAnswerTimeMs });
    t.after(() => limiter.close());
    service.hang();
    const startedAt = performance.now();
    const waits = await Promise.all(
      Array.from({ length: 300 }, (_, i) => limiter.take(`hung/${i}`, minute(1))),
    );
    assert.ok(waits.every((wait) => wait === 0));
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs >= LIMITS.redisAnswerTimeMs && tookMs < 100 * LIMITS.redisAnswerTimeMs, String(tookMs));
    assert.equal(limiter.degraded, true);
    const after = performance.now();
    for (let i = 0; i < 1_000; i++) await limiter.take(`later/${i}`, minute(1));
    const fifthMs = (1_000 * LIMITS.redisAnswerTimeMs) / 5;
    assert.ok(performance.now() - after < fifthMs, 'none of a thousand waits for the hung one');
    service.resume();
    await becomes(limiter, false);
    assert.equal(log.lines.length, 2, log.lines.join('\n'));
  });

  test('more under way than the bound count in its own memory, and nothing is lost by it', async (t) => {
    const limiter = await openLimiter(redis.url);
    t.after(() => limiter.close());
    const key = randomUUID();
    const callers = LIMITS.redisCommandsMax + 500;
    const waits = await Promise.all(Array.from({ length: callers }, () => limiter.take(key, minute(100))));
    const taken = waits.filter((wait) => wait === 0).length;
    // A hundred by Redis; those beyond the bound a hundred by this server at most.
    assert.ok(taken >= 100 && taken <= 200, String(taken));
  });

  test('a busy process does not give up Redis', async (t) => {
    const answerTimeMs = 200;
    const limiter = await openLimiter(redis.url, { answerTimeMs });
    t.after(() => limiter.close());
    for (let round = 0; round < 3; round++) {
      const asked = limiter.take(randomUUID(), minute(1));
      await new Promise((resolve) => setImmediate(resolve));
      const until = performance.now() + 2 * answerTimeMs;
      while (performance.now() < until);
      assert.equal(await asked, 0);
      assert.equal(limiter.degraded, false);
    }
  });

  test('not there at the start: it starts, degraded, and is shared once Redis comes', async (t) => {
    const service = await RedisService.start();
    t.after(() => service.remove());
    await service.kill();
    const log = new Notes();
    const limiter = await openLimiter(service.url, { log });
    t.after(() => limiter.close());
    assert.equal(limiter.degraded, true);
    assert.equal(await limiter.take('key', minute(1)), 0);
    assert.match(log.lines.join(), /ECONNREFUSED/);
    await service.restart();
    await becomes(limiter, false);
  });

  test('a password and TLS; a wrong password or an unknown certificate is said, and no secret with it', async (t) => {
    const tls = {
      certFile: `${CERTIFICATES}/first.cert.pem`,
      keyFile: `${CERTIFICATES}/first.key.pem`,
    };
    const service = await RedisService.start({ password: 'secret-of-redis', tls });
    t.after(() => service.remove());
    const ca = readFileSync(tls.certFile, 'utf8');
    const right = await openLimiter(service.url, { ca });
    assert.equal(right.degraded, false);
    assert.equal(await right.take(randomUUID(), minute(1)), 0);
    await right.close();
    const log = new Notes();
    const wrong = await openLimiter(service.url.replace('secret-of', 'not-that-of'), { ca, log });
    await wrong.close();
    const unknown = await openLimiter(service.url, { log });
    await unknown.close();
    assert.match(log.lines[0] ?? '', /WRONGPASS/);
    assert.match(log.lines[1] ?? '', /self-signed certificate/i);
    assert.doesNotMatch(log.lines.join(), /secret-of|not-that-of/);
  });

  test('an invalid address is refused without being shown', () => {
    for (const url of [
      'redis://:secret-of-redis@',
      'redis://:secret-of-redis@host/x',
      'rediss://:secret-of-redis@host:99999',
      'redis://:secret-of-redis@host?tls=1',
    ]) {
      assert.throws(
        () => redisOptions(url, undefined),
        (error) => error instanceof StartRefused && !error.message.includes('secret-of'),
        url,
      );
    }
    assert.deepEqual(redisOptions('rediss://us%40er:pa%2Fss@[::1]:7000/3', undefined), {
      socket: { host: '::1', port: 7_000, tls: true },
      username: 'us@er',
      password: 'pa/ss',
      database: 3,
    });
  });
});
