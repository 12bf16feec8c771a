/*
 * Goal: whoever changes a row of a transaction deceives neither its user nor the service that asked, moves no other
 * amount and no amount twice: the journal, whose hashes cover what was decided, is what answers are checked against.
 * Method: the real HTTP server; its SQLite file is changed by another connection while it runs, column by column.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { decideTransaction } from '../../src/application/transactions/decide-transaction.ts';
import { findTransaction } from '../../src/application/transactions/find-transactions.ts';
import { requestTransaction } from '../../src/application/transactions/request-transaction.ts';
import { Maintenance } from '../../src/application/upkeep/maintenance.ts';
import { openApplication } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { ContradictedRow, isRefusal } from '../../src/domain/errors.ts';
import { entriesOf } from '../application/decisions/rewired.ts';
import { registeredSession, temporaryFolder } from '../services/application.ts';
import { until } from '../waiting.ts';
import { type ApiToken, type ApiUser, type HttpFixture, testHttp } from '../wire/http/http-fixture.ts';

/** How long a change waits while the server writes. */
const LOCKED_MS_MAX = 10_000;
const TRANSFER = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250.00', currency: 'EUR' };

interface Scene {
  readonly fixture: HttpFixture;
  readonly alice: ApiUser;
  readonly token: ApiToken;
  readonly shop: string;
  change(sql: string): void;
  ask(): Promise<string>;
  approve(id: string, over?: object): Promise<number>;
  contradictions(): number;
}

async function scene(t: TestContext): Promise<Scene> {
  const fixture = await testHttp(t, { logger: { debug() {}, info() {}, warn() {}, error() {} } });
  const alice = await fixture.user('alice');
  const token = await alice.enrol('ocra');
  const shop = await fixture.service('shop', 'transactions:read', 'transactions:write');
  const { sqlite, context } = fixture.application;
  return {
    ...{ fixture, alice, token, shop },
    change(sql) {
      const database = new DatabaseSync(sqlite?.path ?? assert.fail(), { timeout: LOCKED_MS_MAX });
      database.exec(sql);
      database.close();
    },
    async ask() {
      const asked = await fixture.post('/v1/transactions', shop, { ...TRANSFER, username: 'alice' });
      assert.equal(asked.status, 202, asked.text);
      return asked.json.id;
    },
    async approve(id, over = {}) {
      const { challenge } =
        (await context.store.findTransaction({ userId: 1, transactionId: id })) ?? assert.fail();
      const code = token.codeOver({ ...TRANSFER, challenge, ...over });
      return (await alice.post(`/v1/transactions/${id}/approval`, { code })).status;
    },
    contradictions: () => context.contradictions.count,
  };
}

const CHANGES = [
  ['another payee', "payee = 'XX00-9'"],
  ['another amount', "amount = '9.00'"],
  ['another currency', "currency = 'USD'"],
  ['another payer', "payer = 'ES79-7'"],
  ['another challenge', 'challenge = upper(challenge)'],
  ['another service', "service_id = 'another'"],
  ['another time of request', 'requested_at = requested_at + 1'],
  ['another status', "status = 'refused'"],
  ['another reason', "reason = 'user_refused'"],
  ['another time of decision', 'decided_at = decided_at + 1'],
  ['another entry', 'decided_version = decided_version - 1'],
  ['no decision', "status = 'pending', decided_at = 0, decided_version = 0"],
] as const;

test('a decided payment whose row was changed is shown to nobody as the truth', async (t) => {
  const { fixture, alice, shop, ask, approve, change, contradictions } = await scene(t);
  const id = await ask();
  assert.equal(await approve(id), 200);
  const ways = () =>
    Promise.all([
      fixture.get(`/v1/transactions/${id}`, shop),
      fixture.get('/v1/transactions', shop),
      alice.get(`/v1/transactions/${id}`),
      alice.get('/v1/transactions'),
      alice.get(`/v1/receipts/${id}`),
    ]);
  const good = await ways();
  assert.deepEqual(new Set(good.map(({ status }) => status)), new Set([200]));
  const rows = new DatabaseSync(fixture.application.sqlite?.path ?? assert.fail(), {
    timeout: LOCKED_MS_MAX,
  });
  // The row follows its entry (docs/DECISIONS.md#decided-transactions-are-written-behind).
  const decided = rows.prepare('SELECT 1 FROM transactions WHERE decided_version > 0');
  await until(() => decided.get());
  rows.exec('CREATE TEMP TABLE kept AS SELECT * FROM transactions');
  t.after(() => rows.close());
  for (const [name, sql] of CHANGES) {
    const before = contradictions();
    change(`UPDATE transactions SET ${sql}`);
    const answers = await ways();
    for (const [index, { status, text, json }] of answers.entries()) {
      const same =
        text === good[index]?.text || status === 404 || index === 4 || json?.transactions?.length === 0;
      assert.ok(status === 503 || same, `${name}, way ${index}: ${status} ${text}`);
    }
    assert.equal(answers[2]?.status === 200 ? answers[2].text : good[2]?.text, good[2]?.text, name);
    if (name !== 'another service') assert.equal(answers[0]?.status, 503, name);
    assert.ok(contradictions() > before, name);
    rows.exec('DELETE FROM main.transactions; INSERT INTO main.transactions SELECT * FROM kept');
  }
  const metrics = await fixture.get('/metrics');
  assert.match(metrics.text, /sello_contradicted_rows_total [1-9]/);
});

test('a pending payment whose row was changed is neither shown nor approved; what is approved is what was asked for', async (t) => {
  const { fixture, alice, shop, ask, approve, change } = await scene(t);
  for (const sql of ["payee = 'XX00-9'", "amount = '9000000.00'", "service_id = ''"]) {
    const id = await ask();
    change(`UPDATE transactions SET ${sql} WHERE transaction_id = '${id}'`);
    fixture.application.context.userCache.invalidateAll();
    assert.equal((await alice.get(`/v1/transactions/${id}`)).status, 503, sql);
    assert.equal((await alice.get('/v1/transactions?status=pending')).status, 503, sql);
    assert.equal(await approve(id, { payee: 'XX00-9' }), 503, sql);
    assert.equal(await approve(id), 503, sql);
    change(
      `UPDATE transactions SET payee = 'DE89-2', amount = '1250.00', service_id = (SELECT service_id FROM services) WHERE transaction_id = '${id}'`,
    );
    fixture.application.context.userCache.invalidateAll();
    assert.equal(await approve(id), 200, sql);
    assert.equal((await fixture.get(`/v1/transactions/${id}`, shop)).json.payee, 'DE89-2');
  }
});

for (const end of ['refuse', 'cancel'] as const) {
  test(`a payment whose row is pending again after a decision (${end}) is decided no second time`, async (t) => {
    const folder = await temporaryFolder(t);
    const { config } = loadConfig({ flags: { '--data-dir': folder } });
    const first = await openApplication(config);
    const session = await registeredSession(first, 'alice');
    const { userId } = session;
    const serviceId = 'shop';
    const asked = await requestTransaction(first.context, { userId, serviceId, transfer: TRANSFER });
    assert.ok(!isRefusal(asked));
    const { transactionId } = asked;
    const decision =
      end === 'refuse'
        ? ({ decision: 'refuse', session } as const)
        : ({ decision: 'cancel', serviceId } as const);
    const ended = await decideTransaction(first.context, { ...decision, userId, transactionId });
    assert.ok(!isRefusal(ended));
    await first.close();

    const database = new DatabaseSync(join(folder, 'sello.sqlite'));
    const pending = "status = 'pending', decided_at = 0, decided_version = 0, reason = ''";
    const change = (expiresAt: string) =>
      database.exec(`UPDATE transactions SET ${pending}, expires_at = ${expiresAt}`);
    change('expires_at + 999999999');
    const { context, close } = await openApplication(config, { maintenance: false });
    t.after(close);
    const approval = { decision: 'approve', session, code: '123456', userId, transactionId } as const;
    await assert.rejects(decideTransaction(context, approval), ContradictedRow);
    await assert.rejects(findTransaction(context, userId, transactionId), ContradictedRow);
    change('1');
    await assert.rejects(new Maintenance(context, () => {}).expire(), ContradictedRow);
    database.close();
    const types = (await entriesOf(context, userId)).map(({ type }) => type);
    assert.deepEqual(
      types.filter((type) => /^transaction[.](approved|expired)/.test(type)),
      [],
    );
  });
}

test('a stored answer that was changed is not told to who asks again', async (t) => {
  const { alice, change } = await scene(t);
  const small = { ...TRANSFER, amount: '10.00' };
  const key = { 'idempotency-key': 'again' };
  const body = await alice.proven(small);
  const first = await alice.post('/v1/transactions', body, key);
  assert.equal(first.status, 201, first.text);
  const again = await alice.post('/v1/transactions', body, key);
  assert.equal(again.json.payee, small.payee);
  change("UPDATE answers SET answer = replace(answer, 'DE89-2', 'XX00-9')");
  assert.equal((await alice.post('/v1/transactions', body, key)).status, 503);
});

test('an entry whose body was changed is not listed, searched or told to a service', async (t) => {
  const { fixture, alice, ask, change } = await scene(t);
  const admin = await fixture.withRole('root', 'admin');
  await alice.post('/v1/transactions', await alice.proven({ ...TRANSFER, amount: '10.00' }));
  const id = await ask();
  assert.equal((await alice.get('/v1/transactions')).status, 200);
  change("UPDATE journal SET body = replace(body, 'DE89-2', 'XX00-9')");
  assert.equal((await alice.get('/v1/transactions')).status, 503);
  assert.equal((await alice.get(`/v1/transactions/${id}`)).status, 503);
  assert.equal((await admin.get('/v1/admin/transactions')).status, 503);
});
