/*
 * Goal: a service that signs its requests needs no secret; what is altered, old, repeated or by another key opens nothing; the
 * answer is signed for that request.
 * Method: the real server; requests signed here by RFC 9421's text, apart from the server's own code.
 */
import assert from 'node:assert/strict';
import {
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { test } from 'node:test';
import { addSigningKey, createService } from '../../../src/application/services/manage-services.ts';
import { isRefusal } from '../../../src/domain/errors.ts';
import { type HttpFixture, type Json, testHttp } from './http-fixture.ts';

const PATH = '/v1/codes/validation';
const BODY = JSON.stringify({ username: 'alice', code: '123456' });
const digestOf = (body: string) => `sha-256=:${hash('sha256', body, 'base64')}:`;

interface Signer {
  readonly privateKey: KeyObject;
  readonly keyId: string;
  readonly jwk: object;
}

function signer(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  const jwk = { crv, kty, x, y };
  return { privateKey, jwk, keyId: Buffer.from(JSON.stringify(jwk)).toString('base64url') };
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly body?: string;
  readonly created?: number;
  readonly nonce?: string;
  readonly alg?: string;
  readonly covered?: readonly string[];
  readonly fields?: Readonly<Record<string, string>>;
}

function signed(
  fixture: HttpFixture,
  { privateKey, keyId }: Signer,
  asked: Asked = {},
): Record<string, string> {
  const {
    method = 'POST',
    path = PATH,
    query = '?',
    body = BODY,
    nonce = randomUUID(),
    alg = 'ecdsa-p256-sha256',
  } = asked;
  const fields: Record<string, string> = { 'content-digest': digestOf(body), ...asked.fields };
  const covered = asked.covered ?? ['@method', '@authority', '@path', '@query', ...Object.keys(fields)];
  const values: Record<string, string> = {
    ...{ '@method': method, '@authority': new URL(fixture.base).host, '@path': path, '@query': query },
    ...fields,
  };
  const list = covered.map((name) => `"${name}"`).join(' ');
  const created = asked.created ?? Math.floor(Date.now() / 1000);
  const parameters = `(${list});created=${created};nonce="${nonce}";keyid="${keyId}";alg="${alg}"`;
  const lines = [
    ...covered.map((name) => `"${name}": ${values[name]}`),
    `"@signature-params": ${parameters}`,
  ];
  const value = sign('sha256', Buffer.from(lines.join('\n')), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return {
    ...fields,
    'signature-input': `sig=${parameters}`,
    signature: `sig=:${value.toString('base64')}:`,
  };
}

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
  const headers = signed(fixture, key);
  const answer = await fixture.request('POST', PATH, { raw: BODY, headers });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('content-digest'), digestOf(answer.text));
  const [, parameters = ''] = /^sig=(.*)$/.exec(answer.headers.get('signature-input') ?? '') ?? [];
  assert.match(
    parameters,
    /^\("@status" "content-digest" "signature";req\);created=\d+;keyid="[^"]+";alg="ecdsa-p256-sha256"$/,
  );
  const base = [
    '"@status": 200',
    `"content-digest": ${digestOf(answer.text)}`,
    `"signature";req: ${headers.signature}`,
    `"@signature-params": ${parameters}`,
  ].join('\n');
  const { keys } = (await fixture.get('/.well-known/jwks.json')).json;
  const kid = /keyid="([^"]+)"/.exec(parameters)?.[1];
  const jwk = keys.find((each: Json) => each.kid === kid);
  const value = Buffer.from(answer.headers.get('signature')?.slice(5, -1) ?? '', 'base64');
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  assert.ok(verify('sha256', Buffer.from(base), { key: publicKey, dsaEncoding: 'ieee-p1363' }, value));
});

test('what was altered, is old, sent again, covers too little or is by another key is refused by name', async (t) => {
  const fixture = await testHttp(t);
  await fixture.user('alice');
  const key = await shop(fixture);
  const now = Math.floor(Date.now() / 1000);
  const good = signed(fixture, key);
  const ask = (headers: Record<string, string>, { path = PATH, body = BODY } = {}) =>
    fixture.request('POST', path, { raw: body, headers });
  assert.equal((await ask(good)).status, 200);
  const cases: [Record<string, string>, RegExp, { path?: string; body?: string }?][] = [
    [good, /nonce: used before/],
    [signed(fixture, signer()), /no service has that key/],
    [signed(fixture, key, { created: now - 400 }), /created/],
    [signed(fixture, key, { created: now + 400 }), /created/],
    [signed(fixture, key, { path: '/v1/transactions' }), /the signature/],
    [signed(fixture, key, { method: 'PUT' }), /the signature/],
    [signed(fixture, key, { query: '?x=1' }), /the signature/],
    [
      signed(fixture, key, { covered: ['@method', '@authority', '@path', '@query'] }),
      /content-digest is not covered/,
    ],
    [signed(fixture, key, { covered: ['content-digest'] }), /@method is not covered/],
    [{ ...signed(fixture, key), 'idempotency-key': 'added' }, /idempotency-key is not covered/],
    [signed(fixture, key, { alg: 'hmac-sha256' }), /Signature-Input/],
    [signed(fixture, key, { nonce: 'short' }), /Signature-Input/],
    [{ ...signed(fixture, key), signature: `sig=:${Buffer.alloc(64).toString('base64')}:` }, /the signature/],
    [{ ...signed(fixture, key), 'signature-input': 'sig=()' }, /Signature-Input/],
    [{ 'signature-input': 'x'.repeat(9_000) }, /Signature-Input/],
  ];
  for (const [headers, detail, more] of cases) {
    const { json, status } = await ask(headers, more);
    assert.equal(json?.code, 'signature_invalid', `${status} ${detail}`);
    assert.match(json.detail, detail);
  }
  const changed = await ask(signed(fixture, key), { body: BODY.replace('alice', 'bobby') });
  assert.equal(changed.json.code, 'content_digest_wrong');
  const otherDigest = signed(fixture, key);
  const swapped = await ask({ ...otherDigest, 'content-digest': digestOf('x') }, { body: 'x' });
  assert.equal(swapped.json.code, 'signature_invalid');
});

test('scopes hold, the key is no bearer token, and a revoked or disabled one opens nothing', async (t) => {
  const fixture = await testHttp(t);
  const key = await shop(fixture, 'transactions:read');
  const refused = await fixture.request('POST', PATH, { raw: BODY, headers: signed(fixture, key) });
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
      headers: signed(fixture, key, {
        ...{ method: 'GET', path: '/v1/transactions' },
        covered: ['@method', '@authority', '@path', '@query'],
      }),
    });
  assert.equal((await read()).status, 200);
  const { disableService } = await import('../../../src/application/services/manage-services.ts');
  await disableService(fixture.application.context, 'shop');
  assert.equal((await read()).json.code, 'signature_invalid');
});
