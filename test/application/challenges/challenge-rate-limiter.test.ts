import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChallengeRateLimiter } from '../../../src/application/challenges/challenge-rate-limiter.ts';
import {
  issueChallenges,
  issueServiceChallenges,
} from '../../../src/application/challenges/issue-challenges.ts';
import { isRefusal } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { registeredSession, testApplication } from '../../services/application.ts';

test('two seconds’ worth at once, then as many a second; each caller has their own', () => {
  const pace = new ChallengeRateLimiter();
  assert.equal(pace.take(1, 1_500, 1_000, 0), 0);
  assert.equal(pace.take(1, 500, 1_000, 0), 0);
  assert.equal(pace.take(1, 100, 1_000, 0), 100);
  assert.equal(pace.take(1, 100, 1_000, 99), 1, 'what was refused took nothing');
  assert.equal(pace.take(1, 100, 1_000, 100), 0);
  assert.equal(pace.take(2, 2_000, 1_000, 100), 0);
  assert.equal(pace.take(1, 2_000, 1_000, 1_000_000), 0, 'no more is saved up than two seconds’ worth');
  assert.equal(pace.take(1, 1, 1_000, 1_000_000), 1);
});

test('a user who asks for thousands of challenges must wait; a service may ask for more', async (t) => {
  const application = await testApplication(t);
  const { context } = application;
  const session = await registeredSession(application, 'alice');
  const { challengesPerRequestMax: count } = LIMITS;
  let refused = 0;
  for (let request = 0; request < 64; request++) {
    const issued = await issueChallenges(context, session, count);
    if (!isRefusal(issued)) continue;
    assert.equal(issued.refused, 'rate_limited');
    assert.ok((issued.retryAfterMs ?? 0) > 0);
    refused++;
  }
  assert.ok(refused > 0, `${64 * count} challenges at once`);
  const other = await registeredSession(application, 'bob');
  assert.ok(!isRefusal(await issueChallenges(context, other, 1)), 'others go on');
  for (let request = 0; request < 16; request++) {
    assert.ok(!isRefusal(await issueServiceChallenges(context, 'shop', count)));
  }
});
