/*
 * Goal: the browser of a device is told that a transaction waits, and of nothing else; nobody on the way can read it, and no
 * request goes where it should not.
 * Method: the real server; a push service on loopback that opens messages by npm's http_ece; tokens verified by jose.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { importJWK, jwtVerify } from 'jose';
import { LIMITS } from '../../../src/limits.ts';
import { PushService } from '../../services/push-service.ts';
import { until } from '../../waiting.ts';
import { type ApiUser, type HttpFixture, testHttp } from './http-fixture.ts';
import { VirtualDevice } from './virtual-device.ts';

const PATH = '/v1/sessions/current/push-subscription';
const FLAGS = {
  '--web-push-private-addresses-allowed': '["127.0.0.1"]',
  '--web-push-hosts': '["127.0.0.1", "*.push.example"]',
  '--web-push-contact': 'mailto:security@sello.example',
};
const TRANSFER = { payer: 'ES7921000813', payee: 'DE8937040044', amount: '950.00' };

interface Parts {
  readonly fixture: HttpFixture;
  readonly service: PushService;
  readonly ana: ApiUser;
  readonly device: VirtualDevice;
}

async function withDevice(t: TestContext, flags: Record<string, string> = FLAGS): Promise<Parts> {
  const fixture = await testHttp(t, { flags });
  const ana = await fixture.user('ana');
  return { fixture, service: await PushService.start(t), ana, device: await VirtualDevice.enrolled(ana) };
}

async function subscription({ service, device }: Parts, browser = service.subscribe()) {
  const { json } = await device.get(PATH);
  const { endpoint, keys } = browser;
  return { endpoint, keys, server_key: json.server_key, language: 'es' };
}

function put({ fixture, device }: Parts, body: object) {
  return fixture.request('PUT', PATH, { token: device.token, body });
}

test('a waiting transaction is pushed, encrypted and signed, without payee or amount', async (t) => {
  const parts = await withDevice(t);
  const { service, ana, device } = parts;
  const wanted = await subscription(parts);
  const stored = await put(parts, wanted);
  assert.equal(stored.status, 204, stored.text);
  assert.equal((await device.get(PATH)).json.endpoint, wanted.endpoint);

  const { json: pending } = await ana.post('/v1/transactions', TRANSFER);
  assert.equal(pending.status, 'pending');
  const { headers, text, body, path } = await until(() => service.received[0]);
  assert.equal(path, '/push/0');
  assert.deepEqual(JSON.parse(text), { v: 1, transaction: pending.id, language: 'es' });
  for (const secret of [pending.id, TRANSFER.payee, TRANSFER.amount])
    assert.ok(!body.includes(secret), secret);
  assert.equal(headers['content-encoding'], 'aes128gcm');
  assert.equal(headers.urgency, 'high');
  assert.equal(headers.topic, pending.id.replaceAll('-', ''));
  assert.match(String(headers.topic), /^[\w-]{1,32}$/, 'RFC 8030, section 5.4');
  const ttlS = Number(headers.ttl);
  assert.ok(ttlS > 0 && ttlS <= 120, `${ttlS}`);

  // RFC 8292, section 3: the key in the header is the one that the browser subscribed with, and it signed for this service alone.
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(headers.authorization ?? '') ?? [];
  assert.equal(key, wanted.server_key);
  const point = Buffer.from(key, 'base64url');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'));
  const { payload } = await jwtVerify(
    token,
    await importJWK({ kty: 'EC', crv: 'P-256', x, y } as object, 'ES256'),
    {
      ...{ audience: service.origin, subject: 'mailto:security@sello.example', algorithms: ['ES256'] },
    },
  );
  assert.ok((payload.exp ?? 0) - Date.now() / 1_000 <= 86_400, 'at most a day');

  // Each message has the same length, whatever is in it.
  await put(parts, { ...(await subscription(parts, service.subscribe())), language: 'en' });
  await ana.post('/v1/transactions', { ...TRANSFER, payee: 'X' });
  const second = await until(() => service.received[1]);
  assert.equal(second.path, '/push/1', 'one subscription a session: the newer one');
  assert.equal(second.body.length, body.length);

  // What was approved at once, or has nobody to tell, sends nothing; and a deleted subscription is told no more.
  assert.equal((await parts.fixture.request('DELETE', PATH, { token: device.token })).status, 204);
  assert.equal((await device.get(PATH)).json.endpoint, null);
  const { json: third } = await ana.post('/v1/transactions', TRANSFER);
  assert.equal(third.status, 'pending');
  const bea = await parts.fixture.user('bea');
  await bea.post('/v1/transactions', TRANSFER);
  // A later one of a subscription made anew is the next that arrives.
  await put(parts, await subscription(parts));
  await ana.post('/v1/transactions', { ...TRANSFER, payee: 'Y' });
  assert.equal((await until(() => service.received[2])).path, '/push/2');
  assert.equal(service.received.length, 3);
});

test('a service that knows the subscription no more ends it; one in trouble is asked again, a few times', async (t) => {
  const parts = await withDevice(t);
  const { service, ana, device } = parts;
  await put(parts, await subscription(parts));
  service.statuses.push(503, 429, 201);
  const { json } = await ana.post('/v1/transactions', TRANSFER);
  await until(() => service.received.length === 3);
  assert.deepEqual(
    service.received.map(({ text }) => JSON.parse(text).transaction),
    [json.id, json.id, json.id],
  );
  for (const gone of [404, 410]) {
    await put(parts, await subscription(parts));
    service.statuses.push(gone);
    await ana.post('/v1/transactions', { ...TRANSFER, payee: `P${gone}` });
    await until(async () => (await device.get(PATH)).json.endpoint === null);
  }
  const sent = service.received.length;
  await put(parts, await subscription(parts));
  service.statuses.push(...Array.from({ length: 16 }, () => 500));
  await ana.post('/v1/transactions', { ...TRANSFER, payee: 'Z' });
  await until(() => service.received.length === sent + LIMITS.pushAttemptsMax);
  service.statuses.length = 0;
  await ana.post('/v1/transactions', { ...TRANSFER, payee: 'W' });
  await until(() => service.received.length === sent + LIMITS.pushAttemptsMax + 1);
  assert.notEqual((await device.get(PATH)).json.endpoint, null, 'a failing service keeps its subscription');
});

test('the subscription ends with its session: a revoked device is told no more', async (t) => {
  const parts = await withDevice(t);
  const { service, ana, device, fixture } = parts;
  await put(parts, await subscription(parts));
  const { store } = fixture.application.context;
  const userId = (await store.findUser('ana'))?.userId ?? 0;
  assert.equal((await store.pushSubscriptions.list(userId, 9)).length, 1);
  assert.equal((await device.delete(`/v1/tokens/${device.payload.tokens[0].id}`)).status, 204);
  assert.deepEqual(await store.pushSubscriptions.list(userId, 9), []);
  await ana.post('/v1/transactions', TRANSFER);
  // Another device of hers is told.
  const second = await VirtualDevice.enrolled(await fixture.user('bea'));
  await put({ ...parts, device: second }, await subscription({ ...parts, device: second }));
  await second.fixture.logIn('bea').catch(() => undefined);
  const bea = await fixture.application.context.store.findUser('bea');
  assert.equal((await store.pushSubscriptions.list(bea?.userId ?? 0, 9)).length, 1);
  assert.equal(service.received.length, 0);
});

test('nothing is sent where a browser’s push service is not', async (t) => {
  const parts = await withDevice(t);
  const good = await subscription(parts);
  const other = new URL(good.endpoint).port;
  for (const endpoint of [
    'http://169.254.169.254/latest/meta-data',
    `http://localhost:${other}/push/0`,
    'https://push.example/x',
    'https://evil.example/x',
    'https://fcm.googleapis.com.evil.example/x',
    'https://xpush.example/x',
    'https://user:secret@a.push.example/x',
    'https://a.push.example/x#y',
    'ftp://a.push.example/x',
    'http://a.push.example:99999/x',
    'file:///etc/passwd',
    'a.push.example',
    `https://a.push.example/${'x'.repeat(LIMITS.pushEndpointLengthMax)}`,
  ]) {
    const { status, json } = await put(parts, { ...good, endpoint });
    const isLong = endpoint.length > LIMITS.pushEndpointLengthMax;
    assert.deepEqual(
      [status, json.code],
      isLong ? [400, 'message_invalid'] : [422, 'push_subscription_invalid'],
      endpoint,
    );
  }
  const off = Buffer.from(good.keys.p256dh, 'base64url');
  off[64] = (off[64] ?? 0) ^ 1;
  for (const wrong of [{ keys: { ...good.keys, p256dh: off.toString('base64url') } }, { server_key: 'BA' }]) {
    assert.equal((await put(parts, { ...good, ...wrong })).status, 422, JSON.stringify(wrong));
  }
  for (const wrong of [{ language: 'fr' }, { keys: { ...good.keys, auth: 'AAAA' } }])
    assert.equal((await put(parts, { ...good, ...wrong })).status, 400, JSON.stringify(wrong));
  // Where a name leads is judged at each call (test/adapters/webhooks).
  const named = await put(parts, { ...good, endpoint: 'https://a.push.example/x' });
  assert.equal(named.status, 204, named.text);
  assert.equal(parts.service.received.length, 0);
});

test('keys of a rotated vault serve what was made with them, and new subscriptions get the new one', async (t) => {
  const parts = await withDevice(t);
  const { service, ana, device, fixture } = parts;
  const before = await subscription(parts);
  await put(parts, before);
  await fixture.application.context.vault.createKeyVersion();
  await ana.post('/v1/transactions', TRANSFER);
  const { headers } = await until(() => service.received[0]);
  assert.ok(headers.authorization?.endsWith(`k=${before.server_key}`));
  assert.equal((await device.get(PATH)).json.endpoint, before.endpoint);
});

test('where pushing is off there is no key, and nothing can be subscribed', async (t) => {
  const parts = await withDevice(t, { ...FLAGS, '--web-push-enabled': 'false' });
  assert.deepEqual((await parts.device.get(PATH)).json, { server_key: null, endpoint: null });
  const { endpoint, keys } = parts.service.subscribe();
  const { status, json } = await put(parts, { endpoint, keys, server_key: 'x', language: 'en' });
  assert.deepEqual([status, json.code], [409, 'push_off']);
});
