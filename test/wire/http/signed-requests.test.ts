/*
 * Goal: a service that signs its requests needs no secret; what is altered, old, repeated or by another key opens nothing; the
 * answer is signed for that request.
 * Method: the real server; requests signed here by RFC 9421's text, apart from the server's own code.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addSigningKey, createService } from '../../../src/application/services/manage-services.ts';
import { isRefusal } from '../../../src/domain/errors.ts';
import { type HttpFixture, testHttp } from './http-fixture.ts';
import { assertAnswerSigned, BODY, digestOf, PATH, type Signer, signed, signer } from './request-signer.ts';

async function shop(fixture: HttpFixture, scope = 'codes:verify'): Promise<Signer> {
  const made = signer();
  const { context } = fixture.application;
  assert.ok(!isRefusal(await createService(context, { name: 'shop', scopes: [scope] })));
  const added = await addSigningKey(context, 'shop', made.jwk);
  assert.ok(!isRefusal(added), JSON.stringify(added));
  return made;
}

test('a signed request is the service’s, and its answer is signed for it', async (t) => {
  const fixture = await testHttp(t);
  await fixture.user('alice');
  const key = await shop(fixture);
  const headers = signed(fixture.base, key);
  const answer = await fixture.request('POST', PATH, { raw: BODY, headers });
  assert.equal(answer.status, 200, answer.text);
  const { keys } = (await fixture.get('/.well-known/jwks.json')).json;
  assertAnswerSigned(answer, headers.signature ?? '', keys);
});

test('what was altered, is old, sent again, covers too little or is by another key is refused by name', async (t) => {
  const fixture = await testHttp(t);
  await fixture.user('alice');
  const key = await shop(fixture);
  const now = Math.floor(Date.now() / 1000);
  const good = signed(fixture.base, key);
  const ask = (headers: Record<string, string>, { path = PATH, body = BODY } = {}) =>
    fixture.request('POST', path, { raw: body, headers });
  assert.equal((await ask(good)).status, 200);
  const cases: [Record<string, string>, RegExp, { path?: string; body?: string }?][] = [
    [good, /nonce: used before/],
    [signed(fixture.base, signer()), /no service has that key/],
    [signed(fixture.base, key, { created: now - 400 }), /created/],
    [signed(fixture.base, key, { created: now + 400 }), /created/],
    [signed(fixture.base, key, { path: '/v1/transactions' }), /the signature/],
    [signed(fixture.base, key, { method: 'PUT' }), /the signature/],
    [signed(fixture.base, key, { query: '?x=1' }), /the signature/],
    [
      signed(fixture.base, key, { covered: ['@method', '@authority', '@path', '@query'] }),
      /content-digest is not covered/,
    ],
    [signed(fixture.base, key, { covered: ['content-digest'] }), /@method is not covered/],
    [{ ...signed(fixture.base, key), 'idempotency-key': 'added' }, /idempotency-key is not covered/],
    [signed(fixture.base, key, { alg: 'hmac-sha256' }), /Signature-Input/],
    [signed(fixture.base, key, { nonce: 'short' }), /Signature-Input/],
    [
      { ...signed(fixture.base, key), signature: `sig=:${Buffer.alloc(64).toString('base64')}:` },
      /the signature/,
    ],
    [{ ...signed(fixture.base, key), 'signature-input': 'sig=()' }, /Signature-Input/],
    [{ 'signature-input': 'x'.repeat(9_000) }, /Signature-Input/],
  ];
  for (const [headers, detail, more] of cases) {
    const { json, status } = await ask(headers, more);
    assert.equal(json?.code, 'signature_invalid', `${status} ${detail}`);
    assert.match(json.detail, detail);
  }
  const changed = await ask(signed(fixture.base, key), { body: BODY.replace('alice', 'bobby') });
  assert.equal(changed.json.code, 'content_digest_wrong');
  const otherDigest = signed(fixture.base, key);
  const swapped = await ask({ ...otherDigest, 'content-digest': digestOf('x') }, { body: 'x' });
  assert.equal(swapped.json.code, 'signature_invalid');
});

test('scopes hold, the key is no bearer token, and a revoked or disabled one opens nothing', async (t) => {
  const fixture = await testHttp(t);
  const key = await shop(fixture, 'transactions:read');
  const refused = await fixture.request('POST', PATH, { raw: BODY, headers: signed(fixture.base, key) });
  assert.equal(refused.json.code, 'scope_missing');
  const json = JSON.stringify(key.jwk);
  for (const token of [json, Buffer.from(json).toString('base64url'), key.keyId]) {
    const answer = await fixture.request('GET', '/v1/transactions', {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(answer.status, 401);
  }
  const read = () =>
    fixture.request('GET', '/v1/transactions', {
      headers: signed(fixture.base, key, {
        ...{ method: 'GET', path: '/v1/transactions' },
        covered: ['@method', '@authority', '@path', '@query'],
      }),
    });
  assert.equal((await read()).status, 200);
  const { disableService } = await import('../../../src/application/services/manage-services.ts');
  await disableService(fixture.application.context, 'shop');
  assert.equal((await read()).json.code, 'signature_invalid');
});
