import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadConfig } from '../../src/config.ts';
import { reorder } from '../../src/lab/reorder.ts';
import { ANY_SESSION, believesAll, forgetsChallenges } from './broken-servers.ts';
import { assertHeld, brokenSteps, laboratory } from './laboratory.ts';

suite('reorder', () => {
  test('holds', async (t) => {
    const { target } = await laboratory(t);
    assertHeld(await reorder(target));
  });

  test('a server that does not check the MAC is BROKEN', async (t) => {
    const { target } = await laboratory(t, { flags: ANY_SESSION, breaking: believesAll });
    const verdict = await reorder({ ...target, config: loadConfig().config });
    assert.deepEqual(brokenSteps(verdict), ['nonces_exchanged', 'macs_exchanged']);
  });

  test('a server that executes a challenge twice is BROKEN', async (t) => {
    const { target } = await laboratory(t, { flags: ANY_SESSION, breaking: forgetsChallenges });
    const verdict = await reorder({ ...target, config: loadConfig().config });
    assert.deepEqual(brokenSteps(verdict), ['nonces_exchanged', 'macs_exchanged', 'doubled']);
  });

  test('a server whose log-out does not end the session is BROKEN', async (t) => {
    const { target } = await laboratory(t, {
      breaking: (services) => ({
        ...services,
        endSession: async () => ({ refused: 'unavailable' }),
      }),
    });
    assert.deepEqual(brokenSteps(await reorder(target)), ['after_log_out']);
  });
});
