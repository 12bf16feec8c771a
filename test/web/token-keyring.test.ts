import assert from 'node:assert/strict';
import { argon2Sync } from 'node:crypto';
import { test } from 'node:test';
import { beginAttempt, NO_ATTEMPTS, PIN_ATTEMPTS_MAX } from '../../web/src/token/keyring/attempts.ts';
import {
  keysOf,
  newKeyring,
  openByPasskey,
  openByPin,
  passkeyLock,
  pinLock,
} from '../../web/src/token/keyring/keyring.ts';
import { pinWeakness } from '../../web/src/token/keyring/pin-strength.ts';
import { seal, unseal } from '../../web/src/token/keyring/sealed.ts';
import { STRETCH_COST, type Stretcher, stretch } from '../../web/src/token/keyring/stretch.ts';

const CHEAP = { memoryKiB: 64, passes: 1 };
const stretcher: Stretcher = async (request) => stretch(request);
const bytes = (text: string) => new TextEncoder().encode(text);

test('the right PIN opens the seeds, a wrong one nothing', async () => {
  const { keyring, root } = await newKeyring();
  const lock = await pinLock(keyring, root, '847261', stretcher, CHEAP);
  const sealed = await seal((await keysOf(root)).codes, bytes('seed'), 'token/1/codes');

  assert.equal(await openByPin(keyring, lock, '847262', stretcher), undefined);
  const opened = await openByPin(keyring, lock, '847261', stretcher);
  assert.ok(opened);
  const keys = await keysOf(opened);
  assert.deepEqual(await unseal(keys.codes, sealed, 'token/1/codes'), bytes('seed'));
  assert.equal(await unseal(keys.codes, sealed, 'token/2/codes'), undefined);
  assert.equal(await unseal(keys.approvals, sealed, 'token/1/codes'), undefined);
});

test('a copy of the database without the device key does not tell the right PIN from others', async () => {
  const { keyring, root } = await newKeyring();
  const lock = await pinLock(keyring, root, '847261', stretcher, CHEAP);
  const { keyring: thief } = await newKeyring();
  assert.equal(await openByPin(thief, lock, '847261', stretcher), undefined);
});

test('no key can be read out', async () => {
  const { keyring, root } = await newKeyring();
  const { codes, approvals } = await keysOf(root);
  for (const key of [keyring.device, codes, approvals]) {
    assert.equal(key.extractable, false);
    await assert.rejects(crypto.subtle.exportKey('raw', key));
  }
});

test('a passkey opens the same root, another passkey does not', async () => {
  const { keyring, root } = await newKeyring();
  const passkey = { credentialId: bytes('id'), salt: bytes('salt') };
  const output = crypto.getRandomValues(new Uint8Array(32));
  const lock = await passkeyLock(keyring, root, passkey, output);
  assert.deepEqual(await openByPasskey(keyring, lock, output), root);
  assert.equal(await openByPasskey(keyring, lock, crypto.getRandomValues(new Uint8Array(32))), undefined);
});

test('the PIN is stretched by Argon2id as RFC 9106 has it, with more than the least cost', () => {
  assert.ok(STRETCH_COST.memoryKiB * STRETCH_COST.passes >= 46 * 1024);
  const request = { pin: '847261', salt: bytes('somesaltsomesalt'), cost: { memoryKiB: 64, passes: 2 } };
  const expected = argon2Sync('argon2id', {
    message: request.pin,
    nonce: request.salt,
    memory: 64,
    passes: 2,
    parallelism: 1,
    tagLength: 32,
  });
  assert.deepEqual(Buffer.from(stretch(request)), expected);
});

test('attempts grow slow, and the tenth wrong one is the last', () => {
  let attempts = NO_ATTEMPTS;
  let now = 1_000_000;
  const waits: number[] = [];
  for (;;) {
    const started = beginAttempt(attempts, now);
    if (started.kind === 'erase') break;
    if (started.kind === 'wait') {
      waits.push(started.waitMs);
      assert.equal(beginAttempt(attempts, now + started.waitMs - 1).kind, 'wait');
      now += started.waitMs;
      continue;
    }
    attempts = started.attempts;
  }
  assert.equal(attempts.begun, PIN_ATTEMPTS_MAX);
  assert.equal(waits.length, 7);
  assert.deepEqual(
    waits,
    waits.toSorted((a, b) => a - b),
  );
});

test('setting the clock back neither shortens the wait nor locks the user out', () => {
  const begun = { begun: 5, lastAtMs: 10_000_000 };
  const started = beginAttempt(begun, 0);
  assert.deepEqual(started, { kind: 'wait', waitMs: 120_000 });
});

const WEAK: readonly [string, string][] = [
  ['12345', 'too_short'],
  ['1234567890123', 'too_long'],
  ['12a456', 'not_digits'],
  ['１２３４５６', 'not_digits'],
  ['111111', 'repeated'],
  ['121212', 'repeated'],
  ['123123', 'repeated'],
  ['12341234', 'repeated'],
  ['123456', 'sequence'],
  ['654321', 'sequence'],
  ['890123', 'sequence'],
  ['135791', 'sequence'],
  ['123321', 'sequence'],
  ['159753', 'common'],
  ['241299', 'date'],
  ['991224', 'date'],
  ['24121999', 'date'],
  ['747744', 'few_digits'],
];

test('PINs that a thief tries first are refused, others are not', () => {
  for (const [pin, weakness] of WEAK) assert.equal(pinWeakness(pin), weakness, pin);
  for (const pin of ['847261', '905273', '38471920', '604183'])
    assert.equal(pinWeakness(pin), undefined, pin);
});
