/*
 * Goal: a user without a device signs and opens by keys in the vault, by a code over exactly that, and nobody else does; the
 * keys follow their identity: a rotation of the vault keeps them, revoking destroys them.
 * Method: the real server; the client library's own sealing and opening, with the vault behind it.
 */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { rotateKeys } from '../../../src/application/keys/rotate-keys.ts';
import { makeIdentityKeys, publicJwksOf } from '../../../src/client/messages/identity-keys.ts';
import {
  openingUses,
  openMessage,
  sha256Of,
  signReceipt,
} from '../../../src/client/messages/open-message.ts';
import { prepared, type VaultKeys } from '../../../src/client/messages/own-keys.ts';
import { sealMessage } from '../../../src/client/messages/seal-message.ts';
import { vaultKeys } from '../../../src/client/messages/vault-keys.ts';
import { identityQuestion } from '../../../src/domain/identity/identity-question.ts';
import { thumbprintOf } from '../../../src/domain/identity/public-key.ts';
import type { VaultUse } from '../../../src/domain/identity/vault-uses.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { ApiToken, ApiUser, HttpFixture, Json, Response } from './http-fixture.ts';
import { testHttp } from './http-fixture.ts';
import { DAY_MS, Person } from './messages-fixture.ts';

const ended: (() => unknown)[] = [];
let fixture: HttpFixture;
let now = Date.parse('2026-03-01T10:00:00Z');
let bob: Person;
let count = 0;

before(async () => {
  fixture = await testHttp(
    { after: (fn) => void ended.push(fn as () => unknown) },
    { clock: { now: () => now }, logger: { debug() {}, info() {}, warn() {}, error() {} } },
  );
  bob = await Person.make(fixture, 'bob');
});
after(async () => {
  for (const end of ended) await end();
});

interface Held {
  readonly user: ApiUser;
  readonly token: ApiToken;
  readonly keys: VaultKeys;
  readonly jwks: { readonly sign_jwk: Json; readonly seal_jwk: Json };
}

async function offered(user: ApiUser) {
  const { status, json, text } = await user.post('/v1/identities/vault', {});
  assert.equal(status, 201, text);
  return json as Held['jwks'];
}

function enrol(user: ApiUser, token: ApiToken, jwks: Held['jwks']): Promise<Response> {
  const [sign, seal] = [thumbprintOf(jwks.sign_jwk), thumbprintOf(jwks.seal_jwk)];
  const code = token.answer(identityQuestion({ user: user.username, sign, seal }));
  return user.post('/v1/identities', { ...jwks, code });
}

/** A user whose keys are in the vault, and in force. */
async function holder(name = `vera${++count}`): Promise<Held> {
  const user = await fixture.user(name);
  const token = await user.enrol('ocra');
  const jwks = await offered(user);
  const enrolled = await enrol(user, token, jwks);
  assert.equal(enrolled.status, 201, enrolled.text);
  assert.equal(enrolled.json.custody, 'vault');
  return { user, token, jwks, keys: keysOf(user, token, jwks) };
}

function keysOf(user: ApiUser, token: ApiToken, jwks: Held['jwks']): VaultKeys {
  return vaultKeys({
    user: user.username,
    signKey: thumbprintOf(jwks.sign_jwk),
    sealKey: thumbprintOf(jwks.seal_jwk),
    challenge: async () => (await user.post('/v1/challenges', {})).json.challenges[0].nonce,
    code: async (question) => token.answer(question),
    post: async (body) => {
      const { status, json, text } = await user.post('/v1/identities/vault/uses', body);
      assert.equal(status, 200, text);
      return json;
    },
  });
}

async function sealed({ user, keys }: Held, to: Person, content: string) {
  return sealMessage({
    ...{ user: user.username, keys, recipients: [await to.seen(to.name)], contentType: 'text/plain' },
    ...{ content: Buffer.from(content), now, lifetimeMs: DAY_MS, id: randomUUID() },
  });
}

const digest = createHash('sha256').update('x').digest('hex');

/** What the server answers to these uses, with members of the request replaced. */
async function asked({ user, token, keys }: Held, uses: readonly VaultUse[], change: Json = {}) {
  let answer: Response | undefined;
  const asking = vaultKeys({
    ...{ user: user.username, signKey: keys.signKey, sealKey: keys.sealKey },
    challenge: async () => (await user.post('/v1/challenges', {})).json.challenges[0].nonce,
    code: async (question) => token.answer(question),
    post: async (body) => {
      answer = await user.post('/v1/identities/vault/uses', { ...body, ...change });
      return { results: [] };
    },
  });
  await asking.apply(uses);
  return answer ?? assert.fail();
}

test('what is signed in the vault is believed, what is sealed to it is opened, and one code does both', async () => {
  const vera = await holder();
  const sent = await bob.post((await sealed(vera, bob, 'from the vault')).toString());
  assert.equal(sent.status, 201, sent.text);
  // The form is whoever sends it: bob opens what vera signed.
  const jwe = await sealed(vera, bob, 'signed by vera');
  const seen = await bob.seen(vera.user.username);
  const read = await openMessage(jwe, bob.keys, seen, now);
  assert.ok(!('problem' in read), JSON.stringify(read));
  assert.equal(Buffer.from(read.content).toString(), 'signed by vera');

  const id = await bob.send([new Person(vera.user, vera.token, bob.keys)], 'to the vault');
  const { text } = await vera.user.get(`/v1/messages/${id}`);
  const uses = await openingUses(text, vera.keys, { user: vera.user.username, from: 'bob', now });
  const once = await prepared(vera.keys, uses ?? assert.fail());
  const opened = await openMessage(text, once, await bob.seen('bob'), now);
  assert.ok(!('problem' in opened), JSON.stringify(opened));
  assert.equal(Buffer.from(opened.content).toString(), 'to the vault');
  const receipt = await signReceipt(vera.user.username, once, opened, { sha256: await sha256Of(text), now });
  assert.equal((await vera.user.post(`/v1/messages/${id}/receipt`, { receipt })).status, 204);

  const { entries } = (await vera.user.get('/v1/journal')).json;
  const used = entries
    .filter(({ body }: Json) => body.type === 'identity.used')
    .map(({ body }: Json) => body);
  assert.deepEqual(
    used.map(({ detail }: Json) => [detail.signed, detail.opened]),
    [
      [1, 1],
      [1, 0],
      [1, 0],
    ],
  );
});

test('without the session, a code over exactly this, and a challenge of the session, no key is used', async () => {
  const vera = await holder();
  const other = await holder();
  const uses = [{ sign: digest }];
  const refused = async (change: Json, code: string, what = uses) => {
    const { json, text } = await asked(vera, what, change);
    assert.equal(json.code, code, text);
    now += 61_000;
  };
  assert.equal((await asked(vera, uses)).status, 200);
  const another = createHash('sha256').update('y').digest('hex');
  await refused({ uses: [{ sign: another }] }, 'code_wrong');
  await refused({ uses: [{ sign: digest }, { sign: another }] }, 'code_wrong');
  await refused({ uses: [{ open: vera.jwks.seal_jwk }] }, 'code_wrong');
  const foreign = (await other.user.post('/v1/challenges', {})).json.challenges[0].nonce;
  await refused({ challenge: foreign }, 'challenge_unknown');
  await refused({ challenge: 'ab'.repeat(32) }, 'challenge_unknown');
  const spent: string[] = [];
  const { user, token } = vera;
  const twice = vaultKeys({
    ...{ user: user.username, signKey: '', sealKey: '' },
    challenge: async () => (await user.post('/v1/challenges', {})).json.challenges[0].nonce,
    code: async (question) => token.answer(question),
    async post(body) {
      const answers = await Promise.all([
        user.post('/v1/identities/vault/uses', body),
        user.post('/v1/identities/vault/uses', body),
      ]);
      spent.push(...answers.map(({ json }) => json.code ?? 'done').sort());
      return { results: [] };
    },
  });
  await twice.apply(uses);
  assert.deepEqual(spent, ['challenge_spent', 'done'], 'one code is good once');
  const nobody = await fixture.request('POST', '/v1/identities/vault/uses', {
    body: { uses, challenge: 'ab'.repeat(32), code: '123456' },
  });
  assert.equal(nobody.status, 401);
  const keyless = await fixture.user('tess');
  assert.equal((await askedWithAnyCode(keyless, uses)).json.code, 'vault_keys_unknown');
});

async function askedWithAnyCode(user: ApiUser, uses: readonly VaultUse[]): Promise<Response> {
  const challenge = (await user.post('/v1/challenges', {})).json.challenges[0].nonce;
  return user.post('/v1/identities/vault/uses', { uses, challenge, code: '123456' });
}

test('what is no digest, no point, none or too many uses is refused by name', async () => {
  const vera = await holder();
  const bad: [unknown[], string][] = [
    [[{ sign: 'ab' }], 'message_invalid'],
    [[{ sign: digest.toUpperCase() }], 'message_invalid'],
    [[{ sign: digest, open: vera.jwks.seal_jwk }], 'message_invalid'],
    [[], 'message_invalid'],
    [Array.from({ length: LIMITS.identityUsesMax + 1 }, () => ({ sign: digest })), 'message_invalid'],
    [[{ open: { ...vera.jwks.seal_jwk, y: vera.jwks.seal_jwk.x } }], 'identity_key_invalid'],
  ];
  for (const [uses, code] of bad) {
    const { json, text } = await asked(vera, [{ sign: digest }], { uses });
    assert.equal(json.code, code, text);
  }
});

test('the vault’s offer is its user’s alone, for a while, and replaced by the next', async () => {
  const user = await fixture.user(`olga${++count}`);
  const token = await user.enrol('ocra');
  const first = await offered(user);
  const second = await offered(user);
  // Keys whose offer was replaced are enrolled as anybody's public keys are: the vault does not hold them.
  const stale = await enrol(user, token, first);
  assert.equal(stale.json.custody, 'device');
  assert.equal((await askedWithAnyCode(user, [{ sign: digest }])).json.code, 'vault_keys_unknown');
  const mixed = await enrol(user, token, { sign_jwk: second.sign_jwk, seal_jwk: first.seal_jwk });
  assert.equal(mixed.json.code, 'identity_key_taken');
});

test('a rotation of the vault’s keys keeps them; revoking, and other keys, destroy them', async () => {
  const vera = await holder();
  const { store } = fixture.application;
  const held = async () => (await store.findIdentitySecrets(await idOf(vera.user))).length;
  const rotated = await rotateKeys(fixture.application.context, {});
  assert.ok(
    !('refused' in rotated) && rotated.oldDestroyed && rotated.damaged === 0,
    JSON.stringify(rotated),
  );
  const jwe = await sealed(vera, bob, 'after the rotation');
  const read = await openMessage(jwe, bob.keys, await bob.seen(vera.user.username), now);
  assert.ok(!('problem' in read), JSON.stringify(read));

  const device = await publicJwksOf(await makeIdentityKeys());
  const replaced = await enrol(vera.user, vera.token, device as Held['jwks']);
  assert.equal(replaced.json.custody, 'device');
  assert.equal(await held(), 0);
  assert.equal((await asked(vera, [{ sign: digest }])).json.code, 'vault_keys_unknown');

  const other = await holder();
  const gone = await fixture.request('DELETE', '/v1/identities/current', { token: other.user.token });
  assert.equal(gone.status, 204);
  assert.deepEqual(await store.findIdentitySecrets(await idOf(other.user)), []);
  assert.equal((await asked(other, [{ sign: digest }])).json.code, 'vault_keys_unknown');
});

async function idOf({ username }: ApiUser): Promise<number> {
  return (await fixture.application.store.findUser(username))?.userId ?? assert.fail();
}
