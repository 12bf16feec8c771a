/*
 * Goal: a service receives the events of its own transactions and no others.
 * Method: the real HTTP server, with streams of two services.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { disableService } from '../../../src/application/services/manage-services.ts';
import { EventReader } from './event-reader.ts';
import { type ApiUser, type HttpFixture, testHttp } from './http-fixture.ts';

const BIG = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250.00', currency: 'EUR' };

async function follow(t: TestContext, { base }: HttpFixture, key: string, last?: string) {
  const headers = {
    authorization: `Bearer ${key}`,
    ...(last === undefined ? {} : { 'last-event-id': last }),
  };
  const reader = await EventReader.open(`${base}/v1/events`, headers);
  t.after(() => reader.close());
  return reader;
}

async function ask(fixture: HttpFixture, key: string, user: ApiUser): Promise<string> {
  const body = { ...BIG, username: user.username };
  const { status, json, text } = await fixture.post('/v1/transactions', key, body);
  assert.equal(status, 202, text);
  return json.id;
}

test('a service receives the outcome of the transactions that it requested, and of no others', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const scopes = ['transactions:read', 'transactions:write'];
  const shop = await fixture.service('shop', ...scopes);
  const bank = await fixture.service('bank', ...scopes);
  const [ofShop, ofBank] = [await follow(t, fixture, shop), await follow(t, fixture, bank)];
  const [first, second] = [await ask(fixture, shop, alice), await ask(fixture, bank, alice)];
  await alice.post('/v1/transactions', BIG);
  assert.equal((await alice.post(`/v1/transactions/${first}/refusal`)).status, 200);
  assert.equal((await fixture.post(`/v1/transactions/${second}/cancellation`, bank)).status, 200);
  const told = (reader: EventReader) =>
    reader.events.map(({ type, data }) => [type, data.body.transaction.id]);
  await Promise.all([ofShop.until(2), ofBank.until(2)]);
  assert.deepEqual(told(ofShop), [
    ['transaction.requested', first],
    ['transaction.refused', first],
  ]);
  assert.deepEqual(told(ofBank), [
    ['transaction.requested', second],
    ['transaction.cancelled', second],
  ]);
});

test('it resumes where it was: nothing is missed, nothing comes twice', async (t) => {
  const fixture = await testHttp(t);
  const users = [await fixture.user('alice'), await fixture.user('bob')];
  const shop = await fixture.service('shop', 'transactions:read', 'transactions:write');
  const asked: string[] = [];
  const before = await follow(t, fixture, shop);
  const asking = (async () => {
    for (let turn = 0; turn < 12; turn++) {
      for (const user of users) {
        const id = await ask(fixture, shop, user);
        asked.push(id);
        await user.post(`/v1/transactions/${id}/refusal`);
        // What is about nobody's request lies between.
        await user.post('/v1/transactions', await user.proven({ ...BIG, amount: '1.00' }));
      }
    }
  })();
  const seen: { readonly id: string; readonly type: string; readonly of: string }[] = [];
  let reader = before;
  while (seen.length < 48) {
    await reader.until(1);
    reader.close();
    await reader.ended;
    seen.push(...reader.events.map(({ id, type, data }) => ({ id, type, of: data.body.transaction.id })));
    reader = await follow(t, fixture, shop, seen.at(-1)?.id);
  }
  await asking;
  const expected = asked.flatMap((id) => [`transaction.requested ${id}`, `transaction.refused ${id}`]);
  assert.deepEqual(
    seen.map(({ type, of }) => `${type} ${of}`),
    expected,
  );
});

test('it resumes by an index of the log, and by an id of versions before', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const shop = await fixture.service('shop', 'transactions:read', 'transactions:write');
  const asked = [await ask(fixture, shop, alice), await ask(fixture, shop, alice)];
  const size = (await fixture.application.store.readJournal({ after: 0, limit: 100 })).length;
  for (const [last, expected] of [
    ['log-0', asked],
    [`log-${size - 1}`, asked.slice(1)],
    [await cursorOfBefore(fixture, 'shop', size - 1), asked.slice(1)],
  ] as const) {
    const events = await (await follow(t, fixture, shop, last)).until(expected.length);
    assert.deepEqual(
      events.map(({ data }) => data.body.transaction.id),
      expected,
    );
  }
});

/** The id of an event as versions before sent it. */
async function cursorOfBefore({ server, application }: HttpFixture, name: string, position: number) {
  const services = await application.store.listServices();
  const serviceId = services.find((service) => service.name === name)?.serviceId;
  return server.dependencies.cursors.write(['events', `service/${serviceId}`], `${position}`);
}

test('it needs the scope, an id of its own, and ends with the key', async (t) => {
  const fixture = await testHttp(t, { limits: { streams: { heartbeatMs: 50 } } });
  const alice = await fixture.user('alice');
  const shop = await fixture.service('shop', 'transactions:write');
  const bank = await fixture.service('bank', 'transactions:read');
  const blind = await fixture.service('blind', 'codes:verify');
  assert.equal((await fixture.get('/v1/events', blind)).status, 403);
  const reader = await follow(t, fixture, shop);
  await ask(fixture, shop, alice);
  await reader.until(1);
  const ofShop = await cursorOfBefore(fixture, 'shop', 0);
  for (const wrong of [ofShop, '1', 'log-9999', 'x'.repeat(300)]) {
    const { status, json } = await fixture.get('/v1/events', bank, { 'last-event-id': wrong });
    assert.deepEqual([status, json.code], [400, 'message_invalid'], 'another service’s id, or none');
  }
  await disableService(fixture.application.context, 'shop');
  await reader.ended;
});
