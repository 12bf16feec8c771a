/*
 * Goal: rotating keys and destroying the old ones does not affect traffic: no request is refused, every key opens
 * afterwards, and none is left under a destroyed version.
 * Method: fifty users move money by MAC and by bound code, others register and enrol tokens, while twenty rotations run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { rotateKeys } from '../../src/application/keys/rotate-keys.ts';
import type { Session } from '../../src/application/sessions/session.ts';
import { activateToken } from '../../src/application/tokens/activate-token.ts';
import { enrolToken } from '../../src/application/tokens/enrol-token.ts';
import { authorise } from '../../src/application/transactions/authorise.ts';
import { createUser } from '../../src/application/users/register-user.ts';
import { VaultUnavailable } from '../../src/domain/errors.ts';
import { boundCode } from '../../src/domain/otp/bound-code.ts';
import type { Hmac } from '../../src/domain/otp/hmac.ts';
import { boundQuestion } from '../../src/domain/transaction/bound-question.ts';
import { countByKind, entriesOf, nonces, TRANSFER, withMac } from '../application/decisions/rewired.ts';
import { NO_VELOCITY_LIMIT, PASSWORD, registeredSession, testApplication } from '../services/application.ts';

const USERS = 50;
const ROTATIONS = 20;
const hashes = { sha1, sha256, sha512 };
const hmac: Hmac = (algorithm, key, message) => nobleHmac(hashes[algorithm], key, message);
const large = { ...TRANSFER, amount: '900.00' };

test(`${ROTATIONS} rotations while ${USERS} users move money`, async (t) => {
  const application = await testApplication(t, { flags: NO_VELOCITY_LIMIT });
  const { context, vault, store } = application;
  const customers: { session: Session; seed: Uint8Array }[] = [];
  for (let n = 0; n < USERS; n++) {
    const session = await registeredSession(application, `user${n}`);
    const { userId } = session;
    const enrolled = await enrolToken(context, { userId, type: 'ocra' });
    assert.ok('seed' in enrolled);
    const { token, seed } = enrolled;
    const code = boundCode(hmac, seed, token.activationQuestion, context.decider.now());
    assert.ok('status' in (await activateToken(context, { userId, tokenId: token.tokenId, code })));
    customers.push({ session, seed });
  }

  const [firstKey] = await store.listWrappedKeys({ after: undefined, limit: 1 });
  assert.ok(firstKey);
  let rotating = true;
  const counts = { byMac: 0, byCode: 0, registered: 0, enrolled: 0, rewrapped: 0 };
  const traffic = customers.map(async ({ session, seed }, n) => {
    while (rotating) {
      const [byMac = '', byCode = '', spent = ''] = await nonces(context, session, 3);
      const code = boundCode(
        hmac,
        seed,
        boundQuestion({ ...large, challenge: byCode, v: 1 }),
        context.decider.now(),
      );
      // What needs no key goes into the same batches: an entry about the user as known of before.
      const outcomes = await Promise.all([
        authorise(context, { session, transfer: TRANSFER, challenge: spent }),
        authorise(context, withMac(session, byMac)),
        authorise(context, { session, transfer: large, challenge: byCode, code }),
      ]);
      const [missing, ...approved] = outcomes;
      assert.ok('refused' in missing && missing.refused === 'mac_required');
      for (const outcome of approved) assert.ok('transactionId' in outcome, JSON.stringify(outcome));
      counts.byMac++;
      counts.byCode++;
      for (let turn = 0; turn < n % 7; turn++) await new Promise(setImmediate);
    }
  });
  const arrivals = (async () => {
    while (rotating) {
      const made = await createUser(context, {
        username: `new${counts.registered}`,
        password: PASSWORD,
        role: 'user',
      });
      assert.ok('userId' in made);
      counts.registered++;
      assert.ok('seed' in (await enrolToken(context, { userId: made.userId, type: 'totp' })));
      counts.enrolled++;
    }
  })();

  for (let n = 0; n < ROTATIONS; n++) {
    const { version, rewrapped, damaged, oldDestroyed } = await rotateKeys(context, {});
    assert.deepEqual([version, damaged, oldDestroyed], [n + 2, 0, true]);
    assert.ok(rewrapped >= 2 * USERS);
    counts.rewrapped += rewrapped;
  }
  rotating = false;
  await Promise.all([...traffic, arrivals]);
  t.diagnostic(`${ROTATIONS} rotations: ${JSON.stringify(counts)}, refused=0`);
  assert.ok(counts.byMac > USERS && counts.registered > 0);

  assert.equal(await vault.activeKeyVersion(), ROTATIONS + 1);
  const underFirst = await vault.rewrap([{ owner: `mac/${firstKey.userId}`, wrapped: firstKey.wrapped }]);
  assert.deepEqual(underFirst, [undefined], 'the versions before are destroyed');
  // All that is stored opens, under the version that is left.
  const stored = await store.listWrappedKeys({ after: undefined, limit: 10_000 });
  assert.equal(stored.length, 2 * (USERS + counts.registered));
  const opened = await vault.rewrap(
    stored.map(({ kind, userId, tokenId, wrapped }) => ({
      owner: kind === 'mac' ? `mac/${userId}` : `seed/${userId}/${tokenId}`,
      wrapped,
    })),
  );
  opened.forEach((wrapped, index) => {
    assert.equal(wrapped, stored[index]?.wrapped, 'it opens, and is under the active version already');
  });
  // And nobody's right code or MAC was taken for a wrong one.
  for (const { session } of customers) {
    const user = await context.userCache.getOrLoad(session.userId);
    assert.deepEqual([user?.state.code, user?.state.mac], [undefined, undefined]);
    assert.equal(
      countByKind(await entriesOf(context, session.userId))['transaction.refused mac_mismatch'],
      undefined,
    );
  }
  // Receipts of before verify by keys that have retired.
  assert.equal((await vault.publicKeys()).length, ROTATIONS + 1);
  const rotations = countByKind(await entriesOf(context, 0));
  assert.equal(rotations['key.rotated'], ROTATIONS);
});

test('parallel rotations: each makes its version, and the last one\u2019s keys are what is left', async (t) => {
  const application = await testApplication(t, { flags: NO_VELOCITY_LIMIT });
  const { context, vault, store } = application;
  const sessions = await Promise.all([1, 2, 3].map((n) => registeredSession(application, `user${n}`)));
  const rotated = await Promise.allSettled([1, 2, 3, 4].map(() => rotateKeys(context, {})));
  for (const outcome of rotated) {
    if (outcome.status === 'rejected')
      assert.ok(outcome.reason instanceof VaultUnavailable, String(outcome.reason));
  }
  for (const session of sessions) {
    const [challenge = ''] = await nonces(context, session, 1);
    const outcome = await authorise(context, withMac(session, challenge));
    assert.ok('transactionId' in outcome, JSON.stringify(outcome));
  }
  // What an interrupted or overtaken rotation leaves behind, the next one clears.
  const last = await rotateKeys(context, {});
  assert.deepEqual([last.damaged, last.oldDestroyed], [0, true]);
  const stored = await store.listWrappedKeys({ after: undefined, limit: 10 });
  const active = await vault.activeKeyVersion();
  for (const { wrapped } of stored) assert.ok(wrapped.startsWith(`${active}.`), wrapped);
});
