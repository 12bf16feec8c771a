import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { slowClient } from '../../src/lab/slow-client.ts';
import { assertHeld, brokenSteps, laboratory } from './laboratory.ts';

const SHORT = { logInTimeMs: 1_000, slowReaderTimeMs: 1_000, lingerTimeMs: 200 };

suite('slow-client', { concurrency: true }, () => {
  test('holds', async (t) => {
    const { target } = await laboratory(t, { limits: SHORT });
    assertHeld(await slowClient(target));
  });

  test('a server that waits for ever is BROKEN', async (t) => {
    const { target } = await laboratory(t, { promised: SHORT });
    assert.deepEqual(
      new Set(brokenSteps(await slowClient(target))),
      new Set(['byte_by_byte', 'never_logs_in', 'never_reads']),
    );
  });

  test('leaves out what it has no patience for', async (t) => {
    const { target } = await laboratory(t);
    assertHeld(await slowClient(target, { patienceMs: 1_000 }), {
      skipped: ['byte_by_byte', 'never_logs_in', 'never_reads'],
    });
  });
});
