/*
 * Goal: the attack detects a server without bounds, and holds against the real one.
 * Method: the real application behind the real wire, with bounds removed and answers slowed down.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { flood } from '../../src/lab/flood/flood.ts';
import { assertHeld, brokenSteps, laboratory } from './laboratory.ts';

const LIMITS = { connectionsPerAddressMax: 256, lingerTimeMs: 200 };
const RATES = {
  '--rate-limits-errors-count-max': '300',
  '--rate-limits-registrations-count-max': '40',
  '--rate-limits-log-ins-count-max': '60',
};
/** Limits per address are crossed from a second loopback address, which Linux has. */
const linux = process.platform === 'linux' ? false : 'one loopback address';

suite('flood', () => {
  test('holds: an honest client is served, memory is bounded', { skip: linux }, async (t) => {
    const { target } = await laboratory(t, { flags: RATES, limits: LIMITS });
    const verdict = await flood(target, { logIns: 24, latencyMsMax: 5_000 });
    assertHeld(verdict);
    assert.ok((verdict.figures.honest_answers ?? 0) > 0);
    assert.ok((verdict.figures.honest_p99_ms ?? 0) > 0);
    assert.ok((verdict.figures.memory_peak_bytes ?? 0) > 0);
  });

  test('a server without the bounds that it promises is BROKEN', { skip: linux }, async (t) => {
    const { target } = await laboratory(t, {
      limits: { lingerTimeMs: 200, connectionErrorsMax: 1_000, lineBytesMax: 134_217_728 },
      promised: { connectionsPerAddressMax: 64, connectionErrorsMax: 64, lineBytesMax: 8_192 },
    });
    const { config } = target;
    const few = { countMax: 20, windowMs: 60_000 };
    const promised = {
      ...config,
      rateLimits: { ...config.rateLimits, errors: few, registrations: few, logIns: few },
    };
    const verdict = await flood({ ...target, config: promised }, { logIns: 0, latencyMsMax: 5_000 });
    assert.equal(verdict.held, false);
    const broken = new Set(brokenSteps(verdict));
    for (const id of [
      'connections',
      'errors_of_connection',
      'errors_of_address',
      'registrations',
      'log_ins',
      'giant_line',
      'endless_line',
    ])
      assert.ok(broken.has(id), id);
  });

  test('an honest client that waits, and memory that grows, are BROKEN', async (t) => {
    const { target } = await laboratory(t, {
      limits: LIMITS,
      breaking: (services) => ({
        ...services,
        issueChallenges: async (session, count) => {
          await sleep(60);
          return services.issueChallenges(session, count);
        },
      }),
    });
    const verdict = await flood(target, { logIns: 0, latencyMsMax: 50, memoryGrowthBytesMax: -1 });
    const broken = brokenSteps(verdict);
    assert.ok(broken.includes('honest_latency'));
    assert.ok(broken.includes('memory'));
  });
});
