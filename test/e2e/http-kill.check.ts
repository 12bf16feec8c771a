/*
 * Goal: a request that is repeated after kill -9 is done once.
 * Method: each round sends requests, each with its own key, kills the server at a different moment, and sends all requests
 * again to its successor.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder } from '../services/application.ts';
import { selloJson } from '../services/sello-command.ts';
import { httpAddress } from './http-address.ts';
import { runServer } from './server-process.ts';

const ROUNDS = 8;
const TRANSFER = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250.00', currency: 'EUR' };

test(`requests cut off by kill -9 and repeated by their key are done once: ${ROUNDS} rounds`, async (t) => {
  const folder = await temporaryFolder(t);
  let server = await runServer(t, { folder });
  let base = await httpAddress(server);
  const at = ['--data-dir', folder];
  await selloJson(['user', 'create', 'alice', '--password-stdin', ...at], { stdin: 'secreto' });
  const { key } = await selloJson([
    'service',
    'create',
    'shop',
    '--scope',
    'transactions:write',
    '--scope',
    'transactions:read',
    ...at,
  ]);
  const post = (name: string, path: string, body?: object) =>
    fetch(`${base}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'idempotency-key': name,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    }).then(
      async (response) => ({
        status: response.status,
        replayed: response.headers.has('idempotency-replayed'),
        json: (await response.json()) as { id: string },
      }),
      () => undefined,
    );
  const made = new Set<string>();
  let replayed = 0;
  let unanswered = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const names = Array.from({ length: 24 }, (_, index) => `order-${round}-${index}`);
    const ask = (name: string) => post(name, '/v1/transactions', { ...TRANSFER, username: 'alice' });
    const sending = names.map((name, index) => delay(index).then(() => ask(name)));
    await delay(4 + round * 3);
    await server.kill();
    const first = await Promise.all(sending);
    server = await runServer(t, { folder });
    base = await httpAddress(server);
    for (const [index, name] of names.entries()) {
      const again = await ask(name);
      assert.equal(again?.status, 202, JSON.stringify(again));
      const before = first[index];
      if (before) assert.equal(again?.json.id, before.json.id, 'what was answered is answered again');
      else {
        unanswered++;
        if (again?.replayed) replayed++;
      }
      made.add(again?.json.id);
      // Room for the next: a user has a bounded number that wait.
      assert.equal(
        (await post(`${name}-cancel`, `/v1/transactions/${again?.json.id}/cancellation`))?.status,
        200,
      );
    }
  }
  assert.equal(made.size, ROUNDS * 24);
  const listed: string[] = [];
  for (let cursor = ''; ; ) {
    const response = await fetch(`${base}/v1/transactions?limit=200${cursor}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const page = (await response.json()) as { transactions: { id: string }[]; next_cursor: string | null };
    listed.push(...page.transactions.map(({ id }) => id));
    if (page.next_cursor === null) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  assert.equal(listed.length, ROUNDS * 24, 'none was made twice');
  t.diagnostic(`${unanswered} unanswered, of which ${replayed} had been committed`);
  assert.ok(unanswered > 0, 'some were cut off');
});
