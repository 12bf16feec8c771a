// A server's life with everything that entries say about rows: users, tokens, devices, passkeys, sessions, services,
// transactions and what ends them. `npm test` verifies it; mutations of it must be found.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import {
  createDataset,
  destroyDataset,
  rotateDataset,
} from '../../src/application/datasets/manage-datasets.ts';
import { disableService } from '../../src/application/services/manage-services.ts';
import { disableUser, removeUser } from '../../src/application/users/administer-user.ts';
import { setPassword } from '../../src/application/users/set-password.ts';
import {
  createWebhook,
  deleteWebhook,
  rotateWebhookSecret,
} from '../../src/application/webhooks/manage-webhooks.ts';
import { makeIdentityKeys } from '../../src/client/messages/identity-keys.ts';
import { Authenticator } from '../services/authenticator.ts';
import { type HttpFixture, testHttp } from '../wire/http/http-fixture.ts';
import { Person } from '../wire/http/messages-fixture.ts';

const ORIGIN = 'https://sello.example';
const TRANSFER = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250.00', currency: 'EUR' };

/** Lives it, on the store that the flags name. @returns the fixture, whose application is still open */
export async function auditedLife(
  t: TestContext,
  flags: Readonly<Record<string, string>> = {},
): Promise<HttpFixture> {
  const fixture = await testHttp(t, { publicUrl: ORIGIN, flags });
  const { context } = fixture.application;
  const alice = await fixture.user('alice');
  const token = await alice.enrol('ocra');
  const shop = await fixture.service('shop', 'transactions:read', 'transactions:write');
  await fixture.service('old-shop', 'codes:verify');
  assert.ok(!('refused' in (await disableService(context, 'old-shop'))));

  const ask = async () => {
    const asked = await fixture.post('/v1/transactions', shop, { ...TRANSFER, username: 'alice' });
    assert.equal(asked.status, 202, asked.text);
    return asked.json as { id: string; challenge: string };
  };
  const approved = await ask();
  const code = token.codeOver({ ...TRANSFER, challenge: approved.challenge });
  assert.equal((await alice.post(`/v1/transactions/${approved.id}/approval`, { code })).status, 200);
  const refused = await ask();
  assert.equal((await alice.post(`/v1/transactions/${refused.id}/refusal`, {})).status, 200);
  const cancelled = await ask();
  assert.equal((await fixture.post(`/v1/transactions/${cancelled.id}/cancellation`, shop, {})).status, 200);
  await ask();

  const bob = await fixture.user('bob');
  const authenticator = new Authenticator(ORIGIN);
  const options = await bob.post('/v1/passkeys/options', {});
  const made = await bob.post('/v1/passkeys', { response: authenticator.register(options.json) });
  assert.equal(made.status, 201, made.text);

  const carmen = await fixture.user('carmen');
  assert.equal((await carmen.post('/v1/tokens', { type: 'ocra', label: 'waiting' })).status, 201);
  await carmen.enrol('totp', { label: 'phone' });
  const dora = await idOf(fixture, (await fixture.user('dora')).username);
  assert.ok(!('refused' in (await disableUser(context, dora))));
  const emil = await idOf(fixture, (await fixture.user('emil')).username);
  assert.ok(!('refused' in (await removeUser(context, emil))));
  const frida = await idOf(fixture, (await fixture.user('frida')).username);
  assert.ok(!('refused' in (await setPassword(context, frida, 'a new password'))));
  const hugo = await Person.make(fixture, 'hugo');
  assert.equal((await hugo.enrol(await makeIdentityKeys(true))).status, 201);
  const greta = await fixture.user('greta');
  assert.equal((await greta.post('/v1/tokens', { type: 'ocra', label: 'waits' })).status, 201);
  for (const types of [[], ['login.*']]) {
    const hook = await createWebhook(context, { url: 'https://shop.example/hooks', types });
    assert.ok(!('refused' in hook));
    assert.ok(!('refused' in (await rotateWebhookSecret(context, hook.webhook.webhookId))));
    if (types.length === 0) await deleteWebhook(context, hook.webhook.webhookId);
  }
  assert.ok(!('refused' in (await createDataset(context, 'ledger'))));
  assert.ok(!('refused' in (await rotateDataset(context, 'ledger'))));
  assert.ok(!('refused' in (await rotateDataset(context, 'ledger'))));
  assert.ok(!('refused' in (await destroyDataset(context, { name: 'ledger', version: 1 }))));
  await fixture.withRole('root', 'admin');
  return fixture;
}

async function idOf({ application }: HttpFixture, username: string): Promise<number> {
  return (await application.context.store.findUser(username))?.userId ?? assert.fail(username);
}
