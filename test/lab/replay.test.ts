import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadConfig } from '../../src/config.ts';
import { replay } from '../../src/lab/replay.ts';
import { ANY_SESSION, forgetsChallenges } from './broken-servers.ts';
import { assertHeld, brokenSteps, laboratory } from './laboratory.ts';

const SHORT = { '--keys-challenge-ttl-ms': '1500' };

suite('replay', () => {
  test('holds, after the challenge has expired, too', async (t) => {
    const { target } = await laboratory(t, { flags: SHORT });
    const verdict = await replay(target, { copies: 128 });
    assertHeld(verdict);
    const together = verdict.steps.find(({ id }) => id === 'all_at_once');
    assert.equal(together?.received, 'OK 1, challenge_spent 127, 0 other');
  });

  test('does not wait longer than it may, and says so', async (t) => {
    const { target } = await laboratory(t);
    assertHeld(await replay(target, { patienceMs: 1_000 }), { skipped: ['expired'] });
  });

  test('a server that remembers no challenge is BROKEN', async (t) => {
    const { target } = await laboratory(t, {
      flags: { ...SHORT, ...ANY_SESSION },
      breaking: forgetsChallenges,
    });
    const { config } = loadConfig({ flags: SHORT });
    const verdict = await replay({ ...target, config }, { copies: 8 });
    assert.equal(verdict.held, false);
    assert.deepEqual(brokenSteps(verdict), [
      'same_connection',
      'same_session',
      'other_session',
      'other_user',
      'same_code',
      'all_at_once',
      'expired',
    ]);
  });
});
