/*
 * Goal: processes of `role: relay` deliver webhooks where they share a vault; of two, one at a time, and the other goes on
 * where a killed one stopped.
 * Method: a vault's process, PostgreSQL, a server without a relay of its own, two relays as processes; one is killed.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { createWebhook } from '../../../src/application/webhooks/manage-webhooks.ts';
import { openApplication } from '../../../src/compose.ts';
import { loadConfig } from '../../../src/config.ts';
import { temporaryFolder } from '../../services/application.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { CALLER, callerFlags, VaultProcess } from '../../services/vault.ts';
import { WebhookReceiver } from '../../services/webhook-receiver.ts';
import { until } from '../../waiting.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

test('relays of their own deliver webhooks, signed by the vault that they share; a killed one is replaced', async (t) => {
  const folder = await temporaryFolder(t);
  const server = await PostgresServer.start();
  t.after(() => server.remove());
  const vault = await VaultProcess.start(join(folder, 'vault'));
  t.after(() => vault.stop());
  const { url } = await server.createDatabase();
  const flags = {
    ...{ '--store-url': url, '--webhooks-private-addresses-allowed': '["127.0.0.1"]' },
    ...callerFlags(vault),
  };
  const { config } = loadConfig({ flags: { '--data-dir': join(folder, 'api'), ...flags } });
  const application = await openApplication(config);
  t.after(() => application.close());
  const receiver = await WebhookReceiver.start(t);
  const made = await createWebhook(application.context, { url: receiver.url, types: ['user.registered'] });
  assert.ok(!('refused' in made));

  const relays = ['one', 'two'].map((name) => {
    const own = {
      ...flags,
      ...callerFlags(vault, CALLER),
      '--data-dir': join(folder, name),
      '--http-port': '0',
    };
    const given = Object.entries(own).flat();
    const child = spawn(process.execPath, [MAIN, 'serve', '--role', 'relay', ...given], { stdio: 'ignore' });
    t.after(() => child.kill('SIGKILL'));
    return child;
  });
  const register = async (names: readonly string[]) => {
    for (const username of names) {
      const { services } = application;
      const user = await services.registerUser({ username, password: 'secreto', address: '127.0.0.1' });
      assert.ok(!('refused' in user));
    }
  };
  const subjects = () => [...new Set(receiver.events().map(({ subject }) => subject))];
  await register(['a', 'b', 'c']);
  await until(() => subjects().length === 3);
  const holder = async () => {
    const sql = "SELECT holder FROM sello.leases WHERE name LIKE 'relay/webhook%'";
    const [lease] = await server.query(sql, new URL(url).pathname.slice(1));
    return relays.find(({ pid }) => String(lease?.holder).endsWith(`:${pid}`));
  };
  const first = await until<ChildProcess | undefined>(holder);
  first.kill('SIGKILL');
  await register(['d', 'e', 'f']);
  await until(() => subjects().length === 6);
  // Of several users the order is not promised.
  assert.deepEqual(subjects().toSorted(), ['a', 'b', 'c', 'd', 'e', 'f']);
  assert.notEqual((await holder())?.pid, first.pid);
  const verifier = new Webhook(made.secret);
  for (const { body, headers } of receiver.received) verifier.verify(body, headers as Record<string, string>);
});
