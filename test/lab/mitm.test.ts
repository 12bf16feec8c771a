/*
 * Goal: the attack detects a server that executes a changed transaction, and holds against the real one.
 * Method: the real application behind the real wire, and broken versions of it.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadConfig } from '../../src/config.ts';
import { mitm } from '../../src/lab/mitm/mitm.ts';
import type { Step } from '../../src/lab/verdict.ts';
import { ANY_SESSION, believesAll } from './broken-servers.ts';
import { assertHeld, brokenSteps, laboratory } from './laboratory.ts';

suite('mitm', () => {
  test('holds, and shows the original, the change and the entry', async (t) => {
    const { target } = await laboratory(t);
    const told: Step[] = [];
    const verdict = await mitm(target, { onStep: (step) => told.push(step) });
    assertHeld(verdict);
    assert.deepEqual(told, verdict.steps);

    const changed = verdict.steps.find(({ id }) => id === 'payee_changed');
    assert.match(changed?.original ?? '', /CuentaA,CuentaB,10\.00/);
    assert.match(changed?.sent ?? '', /CuentaA,Mallory,10\.00/);
    assert.match(changed?.received ?? '', /"status":"POSIBLE ATAQUE"/);
    assert.match(changed?.journal ?? '', /^transaction\.refused mac_mismatch: CuentaA → Mallory 10\.00 EUR/);
  });

  test('makes the requested change', async (t) => {
    const { target } = await laboratory(t);
    const verdict = await mitm(target, { changes: [{ part: 'amount', value: '77.00' }] });
    assertHeld(verdict);
    assert.ok(verdict.steps.some(({ id, sent }) => id === 'amount_changed' && sent.includes(',77.00"')));
    assert.ok(!verdict.steps.some(({ id }) => id === 'payee_changed'));
  });

  test('a server that does not check the proofs is BROKEN', async (t) => {
    const { target } = await laboratory(t, { flags: ANY_SESSION, breaking: believesAll });
    const verdict = await mitm({ ...target, config: loadConfig().config });
    assert.equal(verdict.held, false);
    assert.deepEqual(brokenSteps(verdict), [
      'payee_changed',
      'payer_changed',
      'amount_changed',
      'nonce_swapped',
      'mac_stripped',
      'mac_recomputed',
      'bound_payee_changed',
      'bound_payer_changed',
      'bound_amount_changed',
    ]);
  });

  test('a refusal that is not on record is BROKEN', async (t) => {
    const { target } = await laboratory(t);
    const silent: typeof target = {
      ...target,
      entriesOf: async (username) =>
        (await target.entriesOf(username)).filter(({ type }) => type !== 'transaction.refused'),
    };
    const verdict = await mitm(silent);
    assert.ok(brokenSteps(verdict).includes('payee_changed'));
    assert.ok(!brokenSteps(verdict).includes('unchanged'));
  });

  test('a server that disappears during the attack is BROKEN', async (t) => {
    const { target, stop } = await laboratory(t);
    let stopping: Promise<void> | undefined;
    const verdict = await mitm(target, {
      onStep: () => {
        stopping ??= stop();
      },
    });
    await stopping;
    assert.equal(verdict.held, false);
    assert.equal(verdict.steps.at(-1)?.id, 'server_lost');
  });

  test('leaves out what the policy has no transfer for', async (t) => {
    const { target } = await laboratory(t, { flags: { '--policy-rules': '[{"require":["bound_code"]}]' } });
    assertHeld(await mitm(target), { skipped: ['mac'] });
  });
});
