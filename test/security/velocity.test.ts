import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authorise } from '../../src/application/transactions/authorise.ts';
import { missingProof, type PolicyRule, requiredProofs } from '../../src/domain/policy/policy.ts';
import { nonces, TRANSFER, withMac } from '../application/decisions/rewired.ts';
import { registeredSession, testApplication } from '../services/application.ts';

const RULES: PolicyRule[] = [
  { when: { payee: 'CuentaB' }, require: ['bound_code'] },
  { when: { payee: 'CuentaC' }, require: ['mac'] },
  { require: ['session'] },
];

test('moving much does not make a transfer need less than its own rule asks', async (t) => {
  const application = await testApplication(t, {
    flags: {
      '--policy-unbound-proofs-allowed': 'true',
      '--policy-rules': JSON.stringify(RULES),
      '--policy-velocity': JSON.stringify({ window_ms: 3_600_000, count_max: 2 }),
    },
  });
  const { context } = application;
  const session = await registeredSession(application, 'alice');
  const next = async () => (await nonces(context, session, 1))[0] ?? '';
  const small = { ...TRANSFER, payee: 'CuentaD', amount: '0.01' };
  for (let count = 0; count < 3; count++) {
    const moved = await authorise(context, { session, transfer: small, challenge: await next() });
    assert.ok('transactionId' in moved, JSON.stringify(moved));
  }
  const large = await authorise(context, withMac(session, await next()));
  assert.equal('refused' in large && large.refused, 'bound_code_required');
});

test('beyond the velocity both rules are kept: the last one, and the transfer’s own', () => {
  const asked = (rules: PolicyRule[], payee: string) =>
    requiredProofs(
      { rules, velocity: null, unboundProofsAllowed: true },
      {
        transfer: { ...TRANSFER, payee },
        username: 'alice',
        role: 'user',
        currencyDefault: 'EUR',
        velocityExceeded: true,
      },
    );
  assert.deepEqual(asked(RULES, 'CuentaC'), ['session', 'mac']);
  assert.deepEqual(asked(RULES, 'CuentaD'), ['session']);
  const both = asked([{ when: { payee: 'CuentaB' }, require: ['mac'] }, { require: ['code'] }], 'CuentaB');
  assert.equal(missingProof(both, { mac: false, code: true, boundCode: false }), 'mac_required');
  assert.equal(missingProof(both, { mac: true, code: false, boundCode: false }), 'code_required');
  assert.equal(missingProof(both, { mac: false, code: false, boundCode: true }), undefined);
});
