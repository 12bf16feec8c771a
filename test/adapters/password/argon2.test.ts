/*
 * Goal: Argon2id costs what it should, for unknown users too, and its queue is bounded.
 * Method: the contract suite of all hashers at the lowest cost, then the parameters of stored hashes and a queue that the
 * test fills.
 */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, test } from 'node:test';
import { hash } from '@node-rs/argon2';
import { Argon2Hasher } from '../../../src/adapters/password/argon2.ts';
import { systemRandom } from '../../../src/adapters/system/random.ts';
import { LIMITS } from '../../../src/limits.ts';
import { passwordHasherContract } from '../../contract/password-hasher.ts';

/** The least that Argon2 allows: for tests in which the cost is not the point. */
const CHEAP = { memoryKib: 8, passes: 1, lanes: 1 };

passwordHasherContract('Argon2id', async () => ({
  hasher: new Argon2Hasher({ random: systemRandom, cost: CHEAP }),
  remove: async () => undefined,
}));

describe('password hasher: Argon2id, its cost and its queue', () => {
  test('costs what OWASP recommends', async () => {
    const hasher = new Argon2Hasher({ random: systemRandom });
    const phc = (await hasher.hash('secreto')) ?? assert.fail();
    assert.ok(phc.startsWith('$argon2id$v=19$m=19456,t=2,p=1$'), phc);
    assert.equal(await hasher.verify(phc, 'secreto'), true);
  });

  test('verifies what another program hashed, at another cost', async () => {
    const hasher = new Argon2Hasher({ random: systemRandom, cost: CHEAP });
    const phc = await hash('secreto', { memoryCost: 64, timeCost: 3, parallelism: 2 });
    assert.equal(await hasher.verify(phc, 'secreto'), true);
    assert.equal(await hasher.verify(phc, 'secreta'), false);
  });

  test('what a version before hashed as it was sent still fits what is sent again', async () => {
    const hasher = new Argon2Hasher({ random: systemRandom, cost: CHEAP });
    const sent = 'contrase\u00f1a'.normalize('NFD');
    const phc = await hash(sent, { memoryCost: 64, timeCost: 1, parallelism: 1 });
    assert.equal(await hasher.verify(phc, sent), true);
    assert.equal(await hasher.verify(phc, 'contrase\u00f1o'.normalize('NFD')), false);
  });

  test('an unknown user costs as much as a known one', async () => {
    const hasher = new Argon2Hasher({ random: systemRandom });
    const phc = await hasher.hash('secreto');
    const times = { known: [] as number[], unknown: [] as number[] };
    for (let i = 0; i < 15; i++) {
      for (const kind of ['known', 'unknown'] as const) {
        const startedAt = performance.now();
        assert.equal(await hasher.verify(kind === 'known' ? phc : undefined, 'wrong'), false);
        times[kind].push(performance.now() - startedAt);
      }
    }
    // The least of many, and wide: what the machine does beside it only adds, and without a hash it would be a thousandth.
    const ratio = Math.min(...times.unknown) / Math.min(...times.known);
    assert.ok(ratio > 0.25 && ratio < 4, `${ratio}`);
  });

  test('beyond its queue it says so at once and computes nothing, then serves again', async () => {
    const hasher = new Argon2Hasher({ random: systemRandom, cost: CHEAP, parallelMax: 2, queueMax: 10 });
    for (let round = 0; round < 20; round++) {
      let busy = 0;
      const asked = Array.from({ length: 100 }, async () => {
        const phc = await hasher.hash('secreto');
        if (phc === undefined) busy++;
        return phc;
      });
      await new Promise((next) => process.nextTick(next));
      assert.equal(busy, 88, 'those are refused before the first was computed');
      assert.equal((await Promise.all(asked)).filter((phc) => phc !== undefined).length, 12);
    }
    assert.equal(await hasher.verify(undefined, 'x'), false);
  });

  test('the queue is that of LIMITS, beside as many as there are cores', async () => {
    const hasher = new Argon2Hasher({ random: systemRandom, cost: CHEAP });
    const served = await Promise.all(Array.from({ length: 1_000 }, () => hasher.verify(undefined, 'x')));
    assert.equal(
      served.filter((each) => each === false).length,
      LIMITS.passwordQueueMax + availableParallelism(),
    );
  });

  test('a failed verification frees its place', async () => {
    const hasher = new Argon2Hasher({ random: systemRandom, cost: CHEAP, parallelMax: 1, queueMax: 3 });
    for (let i = 0; i < 10; i++) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 4 }, () => hasher.verify('no hash', 'x')),
      );
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['rejected', 'rejected', 'rejected', 'rejected'],
      );
    }
    assert.equal(await hasher.verify(undefined, 'x'), false);
  });

  test('no more are computed at a time than allowed', async () => {
    // On one place, the second cannot end before the first, whatever each costs.
    const hasher = new Argon2Hasher({ random: systemRandom, cost: CHEAP, parallelMax: 1 });
    const slow = await hash('secreto', { memoryCost: 8_192, timeCost: 8, parallelism: 1 });
    const order: string[] = [];
    await Promise.all([
      hasher.verify(slow, 'secreto').then(() => order.push('slow')),
      hasher.verify(undefined, 'secreto').then(() => order.push('quick')),
    ]);
    assert.deepEqual(order, ['slow', 'quick']);
  });

  test('the time to wait grows with the queue, within its bounds', async () => {
    const hasher = new Argon2Hasher({ random: systemRandom, parallelMax: 1, queueMax: 20 });
    assert.equal(hasher.retryAfterMs(), LIMITS.passwordRetryMsMin);
    const first = performance.now();
    await hasher.hash('secreto');
    const oneMs = performance.now() - first;
    const asked = Array.from({ length: 21 }, () => hasher.hash('secreto'));
    const full = hasher.retryAfterMs();
    assert.ok(full > LIMITS.passwordRetryMsMin && full <= LIMITS.passwordRetryMsMax, String(full));
    assert.ok(
      full > 21 * Math.min(oneMs, 50) * 0.5 && full < 21 * Math.max(oneMs, 50) * 2,
      `${full}, ${oneMs} each`,
    );
    await Promise.all(asked);
    assert.equal(hasher.retryAfterMs(), LIMITS.passwordRetryMsMin);
  });
});
