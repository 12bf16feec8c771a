import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { guess } from '../../src/lab/guess/guess.ts';
import { forgetsAttempts } from './broken-servers.ts';
import { assertHeld, brokenSteps, laboratory } from './laboratory.ts';

const SHORT_LOCK = { '--lockout-lock-ms': '800' };

suite('guess', () => {
  test('holds, to the millisecond of the lock', async (t) => {
    const { target } = await laboratory(t, { flags: SHORT_LOCK });
    const verdict = await guess(target, { parallel: 128 });
    assertHeld(verdict);
    const received = (id: string) => verdict.steps.find((step) => step.id === id)?.received;
    assert.equal(received('codes_in_parallel'), 'code_wrong 3, locked 125, evaluated 3');
    assert.equal(received('passwords_in_parallel'), 'credentials_invalid 3, locked 61, evaluated 3');
  });

  test('does not wait for the end of a long lock', async (t) => {
    const { target } = await laboratory(t);
    assertHeld(await guess(target, { patienceMs: 1_000, parallel: 16 }), {
      skipped: ['code_right_after_lock', 'password_right_after_lock'],
    });
  });

  test('a server that never locks is BROKEN', async (t) => {
    const { target } = await laboratory(t, { flags: SHORT_LOCK, breaking: forgetsAttempts });
    const verdict = await guess(target, { parallel: 16 });
    assert.equal(verdict.held, false);
    const broken = new Set(brokenSteps(verdict));
    for (const id of [
      'code_guessed',
      'code_right_while_locked',
      'codes_in_parallel',
      'password_guessed',
      'password_right_while_locked',
      'passwords_in_parallel',
    ])
      assert.ok(broken.has(id), id);
  });

  test('a server that allows more attempts than it says is BROKEN', async (t) => {
    const { target } = await laboratory(t, { flags: { ...SHORT_LOCK, '--lockout-attempts-max': '5' } });
    const { config } = target;
    const promised = { ...config, lockout: { ...config.lockout, attemptsMax: 3 } };
    const verdict = await guess({ ...target, config: promised }, { parallel: 16, patienceMs: 0 });
    assert.ok(brokenSteps(verdict).includes('codes_in_parallel'));
    assert.ok(brokenSteps(verdict).includes('passwords_in_parallel'));
  });
});
