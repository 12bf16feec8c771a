/*
 * Goal: administrators make, change, try and delete webhooks over REST, with a fresh proof; nobody else learns of them.
 * Method: the real server and its relay; an endpoint on loopback; signatures verified by PyPI's standardwebhooks.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { JournalOutbox } from '../../../src/application/relay/journal-outbox.ts';
import { relayOf } from '../../../src/compose/relay.ts';
import { startWebhooks, webhookEnvironment } from '../../../src/compose/webhooks.ts';
import type { Config } from '../../../src/config.ts';
import { LIMITS } from '../../../src/limits.ts';
import { pythonWith } from '../../services/python.ts';
import { WebhookReceiver } from '../../services/webhook-receiver.ts';
import { until } from '../../waiting.ts';
import { type ApiUser, type HttpFixture, testHttp } from './http-fixture.ts';

const FLAGS = { '--webhooks-private-addresses-allowed': '["127.0.0.1"]' };
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

async function withRelay(t: TestContext): Promise<{ fixture: HttpFixture; root: ApiUser }> {
  const fixture = await testHttp(t, { flags: FLAGS });
  const { context } = fixture.application;
  const limits = { webhookSavePeriodMs: 20, webhookPollMs: 50 };
  const config = context.settings as unknown as Config;
  const { store, clock } = context;
  const relay = relayOf(config, { store, outbox: new JournalOutbox(store), clock, log: SILENT });
  const stop = startWebhooks(config, webhookEnvironment(context), relay, SILENT, { limits });
  relay.start();
  t.after(async () => {
    await stop();
    await relay.stop();
  });
  return { fixture, root: await fixture.withRole('root', 'admin') };
}

test('a webhook is made, listed, changed, rotated and deleted; each is an entry that holds no secret', async (t) => {
  const { fixture, root } = await withRelay(t);
  const receiver = await WebhookReceiver.start(t);
  const url = `${receiver.url}?token=hidden`;
  const key = { 'idempotency-key': 'w1' };
  const made = await root.post('/v1/admin/webhooks', { url, types: ['sello.login.refused', 'user.*'] }, key);
  assert.equal(made.status, 201, made.text);
  assert.match(made.json.secret, /^whsec_/);
  const again = await root.post('/v1/admin/webhooks', { url, types: ['sello.login.refused', 'user.*'] }, key);
  assert.deepEqual(again.json, made.json, 'a repeat answers the same secret');
  const path = `/v1/admin/webhooks/${made.json.id}`;

  const listed = await root.get('/v1/admin/webhooks');
  assert.equal(listed.json.webhooks.length, 1);
  assert.deepEqual(listed.json.webhooks[0].types, ['login.refused', 'user.*']);
  assert.ok(!listed.text.includes(made.json.secret));

  await fixture.user('ana');
  const delivery = await until(() => receiver.received[0]);
  assert.equal(delivery.path, '/hooks?token=hidden');
  const log = await until(async () => {
    const { json } = await root.get(`${path}/deliveries`);
    return json.deliveries.length > 0 && json.deliveries;
  });
  assert.deepEqual(
    [log[0].outcome, log[0].status, log[0].answer, log[0].attempt],
    ['delivered', 200, 'thanks', 1],
  );
  const one = await root.get(`${path}/deliveries/${log[0].number}`);
  assert.equal(one.json.request.body, delivery.body);
  assert.equal(one.json.request.headers['webhook-signature'], delivery.headers['webhook-signature']);
  assert.equal((await root.get(`${path}/deliveries/999`)).json.code, 'webhook_delivery_unknown');
  assert.equal((await root.post(`${path}/deliveries/${log[0].number}/retry`)).status, 202);
  await until(() => receiver.received.length === 2);
  assert.equal((await root.post(`${path}/test`)).status, 202);
  await until(() => receiver.received.at(-1)?.id.startsWith('test_'));
  assert.equal((await root.post(`${path}/replay`, { from: 0 })).status, 202);
  await until(() => receiver.received.length > 4);

  const rotated = await root.post(`${path}/secrets`);
  assert.equal(rotated.status, 201);
  assert.notEqual(rotated.json.secret, made.json.secret);
  const changed = await fixture.request('PATCH', path, {
    token: root.token,
    body: { types: [], enabled: false },
  });
  assert.deepEqual([changed.status, changed.json.enabled, changed.json.types], [200, false, []]);
  assert.equal(changed.json.secrets.length, 2);
  assert.equal((await root.post(`${path}/test`)).json.code, 'webhook_invalid', 'it is disabled');
  assert.equal((await fixture.request('DELETE', path, { token: root.token })).status, 204);
  assert.equal((await root.get(path)).json.code, 'webhook_unknown');

  const entries = await fixture.application.store.readJournal({ after: 0, limit: 200 });
  const text = entries.map((entry) => entry.body).join('\n');
  for (const type of ['created', 'tested', 'retried', 'replayed', 'secret_rotated', 'changed', 'deleted'])
    assert.ok(text.includes(`admin.webhook_${type}`), type);
  for (const secret of ['hidden', made.json.secret.slice(6), rotated.json.secret.slice(6)])
    assert.ok(!text.includes(secret), 'no secret is in an entry');
});

test('only administrators with a fresh proof make webhooks, and only to where requests may go', async (t) => {
  const fixture = await testHttp(t, { flags: FLAGS });
  const body = { url: 'https://shop.example/hooks' };
  const user = await fixture.user('ana');
  assert.equal((await user.post('/v1/admin/webhooks', body)).status, 404);
  const auditor = await fixture.withRole('auditor', 'auditor');
  assert.notEqual((await auditor.post('/v1/admin/webhooks', body)).status, 201);
  const key = await fixture.service('shop', 'transactions:write');
  assert.notEqual((await fixture.post('/v1/admin/webhooks', key, body)).status, 201);
  const root = await fixture.withRole('root', 'admin');
  const stale = await fixture.logIn('root');
  assert.equal((await stale.post('/v1/admin/webhooks', body)).json.code, 'authenticator_required');

  for (const url of [
    ...[
      'https://127.0.0.2/',
      'https://10.0.0.1/',
      'https://[::1]/',
      'https://169.254.169.254/',
      'https://0x7f000002/',
    ],
    ...[
      'http://8.8.8.8/',
      'https://[fd00:ec2::254]/',
      'https://[::ffff:10.0.0.1]/',
      'https://[64:ff9b::a00:1]/',
    ],
  ]) {
    assert.equal((await root.post('/v1/admin/webhooks', { url })).json.code, 'webhook_address_refused', url);
  }
  for (const wrong of [
    ...[{ url: 'ftp://shop.example/' }, { url: 'no url' }, { url: 'https://user:pw@shop.example/' }],
    ...[{ url: 'https://shop.example/#f' }, { url: 'javascript:alert(1)' }, { url: 'file:///etc/passwd' }],
    ...[
      { ...body, types: ['Transaction'] },
      { ...body, types: ['transaction*'] },
      { ...body, types: ['..'] },
    ],
  ]) {
    const { status, json } = await root.post('/v1/admin/webhooks', wrong);
    assert.deepEqual([status, json.code], [422, 'webhook_invalid'], JSON.stringify(wrong));
  }
  for (let made = 0; made < LIMITS.webhooksMax; made++)
    assert.equal((await root.post('/v1/admin/webhooks', body)).status, 201);
  assert.equal((await root.post('/v1/admin/webhooks', body)).json.code, 'webhooks_too_many');
  const first = await root.get('/v1/admin/webhooks?limit=20');
  const second = await root.get(`/v1/admin/webhooks?limit=20&cursor=${first.json.next_cursor}`);
  assert.equal(first.json.webhooks.length + second.json.webhooks.length, LIMITS.webhooksMax);
});

test('PyPI standardwebhooks verifies what is delivered, and refuses what was changed', async (t) => {
  const python = await pythonWith(t, 'standardwebhooks==1.1.0');
  if (!python) return;
  const { fixture, root } = await withRelay(t);
  const receiver = await WebhookReceiver.start(t);
  const { json } = await root.post('/v1/admin/webhooks', { url: receiver.url });
  await fixture.user('ana');
  await until(() => receiver.received.length >= 2);
  const deliveries = receiver.received.map(({ headers, body }) => ({ headers, body }));
  const program = `import sys, json
from standardwebhooks import Webhook, WebhookVerificationError
given = json.load(sys.stdin)
hook = Webhook(given["secret"])
for each in given["deliveries"]:
    print(hook.verify(each["body"], each["headers"])["type"])
    try:
        hook.verify(each["body"].replace("sello", "other"), each["headers"])
        print("BROKEN")
    except WebhookVerificationError:
        pass`;
  const types = await python(program, JSON.stringify({ secret: json.secret, deliveries }));
  assert.deepEqual(types.trim().split('\n').slice(0, 2), [
    'sello.admin.webhook_created',
    'sello.user.registered',
  ]);
  assert.ok(!types.includes('BROKEN'));
});
