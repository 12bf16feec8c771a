/*
 * Goal: a message is believed only as its sender made it, for whom they made it, in the one form described.
 * Method: the library's own messages, changed in every way that a server, a recipient or a stranger could.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { CompactSign, FlattenedEncrypt, GeneralEncrypt, importJWK } from 'jose';
import {
  type Correspondent,
  type IdentityKeys,
  makeIdentityKeys,
  publicJwksOf,
  readCorrespondent,
} from '../../../src/client/messages/identity-keys.ts';
import type { MessageProblem } from '../../../src/client/messages/message-problem.ts';
import { openMessage } from '../../../src/client/messages/open-message.ts';
import { judgePin, pinOf } from '../../../src/client/messages/pinned-keys.ts';
import { safetyNumber } from '../../../src/client/messages/safety-number.ts';
import {
  type OutgoingMessage,
  sealMessage,
  sealSigned,
  signMessage,
} from '../../../src/client/messages/seal-message.ts';
import { verifySigned } from '../../../src/client/messages/verify-signed.ts';

const NOW = Date.parse('2026-03-01T10:00:00Z');
interface Party {
  readonly keys: IdentityKeys;
  readonly shown: Correspondent;
}
let alice: Party;
let bob: Party;
let carol: Party;

async function party(user: string): Promise<Party> {
  const keys = await makeIdentityKeys(true);
  const shown = await readCorrespondent({
    user,
    ...(await publicJwksOf(keys)),
    level: 'self_asserted',
    index: 0,
  });
  assert.ok(shown);
  return { keys, shown };
}

before(async () => {
  [alice, bob, carol] = [await party('alice'), await party('Böb 李'), await party('carol')];
});

const outgoing = (to: readonly Party[], more: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  user: 'alice',
  keys: alice.keys,
  recipients: to.map(({ shown }) => shown),
  content: Buffer.from('hola'),
  contentType: 'text/plain',
  now: NOW,
  lifetimeMs: 60_000,
  id: randomUUID(),
  ...more,
});

async function problemOf(
  text: string,
  reader = bob,
  sender = alice,
  at = NOW,
): Promise<MessageProblem['problem']> {
  const opened = await openMessage(text, reader.keys, sender.shown, at);
  assert.ok('problem' in opened, 'it was believed');
  return opened.problem;
}

describe('opening', () => {
  test('each recipient opens what was sealed to them, empty or binary, with one recipient or several', async () => {
    for (const content of [Buffer.alloc(0), Buffer.from([0, 255, 10]), Buffer.from('ñ👋')]) {
      for (const readers of [[bob], [bob, carol]]) {
        const text = await sealMessage(outgoing(readers, { content }));
        for (const reader of readers) {
          const opened = await openMessage(text, reader.keys, alice.shown, NOW);
          assert.ok(!('problem' in opened), JSON.stringify(opened));
          assert.deepEqual(Buffer.from(opened.content), content);
          assert.equal(opened.claims.iss, 'alice');
        }
      }
    }
  });

  test('the protected header, the recipient and the claims are those described', async () => {
    const id = randomUUID();
    const sealed = JSON.parse(await sealMessage(outgoing([bob], { id })));
    assert.deepEqual(JSON.parse(Buffer.from(sealed.protected, 'base64url').toString()), {
      enc: 'A256GCM',
      jti: id,
      typ: 'sello-message+jwe',
    });
    const [{ header, ...rest }] = sealed.recipients;
    assert.deepEqual(Object.keys(rest), ['encrypted_key']);
    assert.deepEqual([header.alg, header.kid], ['ECDH-ES+A256KW', bob.keys.sealKey]);
    assert.deepEqual(Object.keys(header).sort(), ['alg', 'epk', 'kid']);
    const [first, payload] = (await signMessage(outgoing([bob], { id }))).split('.');
    const read = (text = '') => JSON.parse(Buffer.from(text, 'base64url').toString());
    assert.deepEqual(read(first), { alg: 'ES256', kid: alice.keys.signKey, typ: 'sello-message+jws' });
    assert.deepEqual(read(payload), {
      iss: 'alice',
      aud: [bob.keys.sealKey],
      jti: id,
      iat: NOW / 1000,
      exp: NOW / 1000 + 60,
      cty: 'text/plain',
      body: Buffer.from('hola').toString('base64url'),
    });
  });

  test('a character altered anywhere is noticed', async () => {
    const text = await sealMessage(outgoing([bob]));
    const { ciphertext } = JSON.parse(text);
    const inside = text.indexOf(ciphertext);
    for (let at = 0; at < text.length; at++) {
      // Every place outside the ciphertext, and some inside.
      if (at > inside + 8 && at < inside + ciphertext.length - 8 && at % 37 !== 0) continue;
      const other = text[at] === 'B' ? 'C' : 'B';
      const altered = text.slice(0, at) + other + text.slice(at + 1);
      const opened = await openMessage(altered, bob.keys, alice.shown, NOW);
      if ('problem' in opened) continue;
      assert.deepEqual(spelling(JSON.parse(altered)), spelling(JSON.parse(text)), `${at}: ${altered[at]}`);
    }
  });

  test('what was forwarded by a recipient, sealed to one fewer or one more, or attributed to another is not believed', async () => {
    const message = outgoing([bob, carol]);
    const signed = await signMessage(message);
    const forwarded = await sealSigned(await signMessage(outgoing([bob], { id: message.id })), {
      recipients: [carol.shown],
      id: message.id,
    });
    assert.equal(await problemOf(forwarded, carol), 'not_addressed');
    const fewer = JSON.parse(await sealSigned(signed, message));
    fewer.recipients.pop();
    assert.equal(await problemOf(JSON.stringify(fewer)), 'recipients_differ');
    const more = await sealSigned(await signMessage(outgoing([bob], { id: message.id })), message);
    assert.equal(await problemOf(more), 'recipients_differ');
    assert.equal(await problemOf(await sealSigned(signed, message), bob, carol), 'sender_other');
    const renamed = { ...alice, shown: { ...alice.shown, user: 'mallory' } };
    assert.equal(await problemOf(await sealSigned(signed, message), bob, renamed), 'sender_other');
    const { id } = outgoing([]);
    assert.equal(
      await problemOf(await sealSigned(signed, { ...message, id })),
      'form_invalid',
      'another jti outside',
    );
    assert.equal(await problemOf(await sealMessage(outgoing([carol]))), 'not_for_these_keys');
  });

  test('its own times are kept', async () => {
    const text = await sealMessage(outgoing([bob]));
    assert.equal(await problemOf(text, bob, alice, NOW + 60_000), 'expired');
    assert.equal(await problemOf(text, bob, alice, NOW - 400_000), 'not_yet_valid');
    assert.ok(!('problem' in (await openMessage(text, bob.keys, alice.shown, undefined))));
  });

  test('no algorithm, another one, compression, passwords and critical headers are refused before any key is used', async () => {
    const good = JSON.parse(await sealMessage(outgoing([bob])));
    const header = (members: object) => Buffer.from(JSON.stringify(members)).toString('base64url');
    const [recipient] = good.recipients;
    const jti = randomUUID();
    const typ = 'sello-message+jwe';
    const altered = [
      { ...good, protected: header({ enc: 'A256GCM', jti, typ, zip: 'DEF' }) },
      { ...good, protected: header({ enc: 'A256GCM', jti, typ, crit: ['exp'] }) },
      { ...good, protected: header({ enc: 'A128CBC-HS256', jti, typ }) },
      { ...good, aad: 'AAAA' },
      { ...good, unprotected: { zip: 'DEF' } },
      { ...good, recipients: [{ ...recipient, header: { ...recipient.header, alg: 'dir' } }] },
      {
        ...good,
        recipients: [{ ...recipient, header: { ...recipient.header, alg: 'PBES2-HS512+A256KW', p2c: 1e9 } }],
      },
      { ...good, recipients: [{ ...recipient, header: { ...recipient.header, crit: ['x'] } }] },
      { ...good, recipients: [] },
      null,
      [],
      'text',
    ];
    for (const each of altered) assert.equal(await problemOf(JSON.stringify(each)), 'form_invalid');
    assert.equal(await problemOf('{'), 'form_invalid');
  });

  test('inside, a signature by no algorithm, another header or another key is none', async () => {
    const message = outgoing([bob]);
    const signed = await signMessage(message);
    const [, payload, signature] = signed.split('.');
    const header = (members: object) => Buffer.from(JSON.stringify(members)).toString('base64url');
    const typ = 'sello-message+jws';
    const kid = alice.keys.signKey;
    const cases: [string, MessageProblem['problem']][] = [
      [`${header({ alg: 'none', kid, typ })}.${payload}.`, 'form_invalid'],
      [
        `${header({ alg: 'ES256', kid, typ, crit: ['b64'], b64: false })}.${payload}.${signature}`,
        'form_invalid',
      ],
      [`${header({ alg: 'ES256', kid, typ })}.${payload}.${signature}.x`, 'form_invalid'],
      [`${header({ alg: 'ES256', kid: carol.keys.signKey, typ })}.${payload}.${signature}`, 'sender_other'],
      [`${header({ alg: 'ES256', kid, typ })}.${payload}A.${signature}`, 'signature_invalid'],
      ['', 'form_invalid'],
    ];
    const byCarol = await new CompactSign(Buffer.from(payload ?? '', 'base64url'))
      .setProtectedHeader({ alg: 'ES256', kid, typ })
      .sign(carol.keys.sign.privateKey);
    cases.push([byCarol, 'signature_invalid']);
    for (const [jws, expected] of cases) {
      assert.equal(await problemOf(await sealSigned(jws, message)), expected);
      const verified = await verifySigned(jws, alice.shown, NOW);
      assert.equal('problem' in verified && verified.problem, expected);
    }
  });

  test('a message of jose alone, one recipient or many, is opened where it has the form', async () => {
    const message = outgoing([bob, carol]);
    const sealed = new GeneralEncrypt(Buffer.from(await signMessage(message))).setProtectedHeader({
      ...{ enc: 'A256GCM', jti: message.id, typ: 'sello-message+jwe' },
    });
    for (const { sealJwk, sealKey } of message.recipients) {
      sealed.addRecipient(await importJWK(sealJwk, 'ECDH-ES+A256KW')).setUnprotectedHeader({
        ...{ alg: 'ECDH-ES+A256KW', kid: sealKey },
      });
    }
    assert.ok(
      !('problem' in (await openMessage(JSON.stringify(await sealed.encrypt()), bob.keys, alice.shown, NOW))),
    );
    const flattened = await new FlattenedEncrypt(Buffer.from('x'))
      .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM' })
      .encrypt(await importJWK(bob.shown.sealJwk, 'ECDH-ES+A256KW'));
    assert.equal(await problemOf(JSON.stringify(flattened)), 'form_invalid');
  });
});

describe('who it is from', () => {
  test('keys seen first are kept; others are a change, whichever of the two was swapped', async () => {
    const pin = pinOf(bob.shown, NOW);
    assert.equal(judgePin(undefined, bob.shown), 'first');
    assert.equal(judgePin(pin, bob.shown), 'same');
    assert.equal(judgePin(pin, { ...bob.shown, sealKey: carol.shown.sealKey }), 'changed');
    assert.equal(judgePin(pin, { ...bob.shown, signKey: carol.shown.signKey }), 'changed');
  });

  test('the safety number is the same for both, and another one with any other key or name', async () => {
    const number = await safetyNumber(alice.shown, bob.shown);
    assert.match(number, /^(\d{5} ){11}\d{5}$/);
    assert.equal(await safetyNumber(bob.shown, alice.shown), number);
    for (const swapped of [
      { ...bob.shown, sealKey: carol.shown.sealKey },
      { ...bob.shown, signKey: carol.shown.signKey },
      { ...bob.shown, user: 'bob' },
    ])
      assert.notEqual(await safetyNumber(alice.shown, swapped), number);
  });

  test('an answer of the directory that is none is not read', async () => {
    const answer = { user: 'bob', ...(await publicJwksOf(bob.keys)) };
    assert.ok(await readCorrespondent(answer));
    const { sign_jwk: sign } = answer;
    for (const wrong of [
      null,
      'x',
      {},
      { ...answer, user: 1 },
      { ...answer, sign_jwk: { ...sign, crv: 'P-384' } },
      { ...answer, seal_jwk: { ...sign, y: sign.x } },
    ])
      assert.equal(await readCorrespondent(wrong), undefined);
  });
});

/** A message without what spells the same bytes in two ways: the last letters of base64url, unused bits of it. */
function spelling(value: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify(value), (name, member) =>
    ['ciphertext', 'iv', 'tag', 'encrypted_key', 'x', 'y'].includes(name)
      ? Buffer.from(String(member), 'base64url').toString('hex')
      : member,
  );
}
