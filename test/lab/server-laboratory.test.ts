/*
 * Goal: an administrator sees attacks on a server of their own, and only where the configuration allows it.
 * Method: the real HTTP server; the attack's report is compared with the journal.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUser } from '../../src/application/users/register-user.ts';
import { startServer } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { ServerLaboratory } from '../../src/lab/laboratory.ts';
import { temporaryFolder } from '../services/application.ts';
import { proveSessions } from '../services/proven-sessions.ts';
import type { Json } from '../wire/http/http-fixture.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error: console.error };
const PASSWORD = 'secreto';

async function laboratory(t: Parameters<typeof temporaryFolder>[0], enabled: boolean) {
  const flags = { '--data-dir': await temporaryFolder(t), '--tcp-port': '0', '--http-port': '0' };
  const { config } = loadConfig({ flags });
  const server = await startServer(
    config,
    SILENT,
    enabled ? { makeLaboratory: (running) => new ServerLaboratory(running, config) } : {},
  );
  t.after(() => server.stop());
  const { context } = server.application;
  for (const [username, role] of [
    ['root', 'admin'],
    ['eve', 'auditor'],
  ] as const) {
    await createUser(context, { username, password: PASSWORD, role });
  }
  const ask = async (method: string, path: string, token?: string, body?: object, language = 'en') => {
    const response = await fetch(`http://${server.addresses.http}${path}`, {
      method,
      headers: {
        'accept-language': language,
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, json: (await response.json()) as Json };
  };
  const tokenOf = async (username: string) =>
    (await ask('POST', '/v1/sessions', undefined, { username, password: PASSWORD })).json
      .access_token as string;
  const [admin, auditor] = [await tokenOf('root'), await tokenOf('eve')];
  await proveSessions(context, 'root');
  return { ask, admin, auditor };
}

test('an administrator sees the server attacked: what was sent, changed, refused and written down', async (t) => {
  const { ask, admin, auditor } = await laboratory(t, true);
  const { json: list } = await ask('GET', '/v1/lab/attacks', admin, undefined, 'es');
  assert.deepEqual(
    list.attacks.map(({ name }: { name: string }) => name),
    ['mitm', 'replay', 'reorder', 'guess', 'downgrade'],
  );
  assert.match(list.attacks[0].summary, /intermediario/);

  const run = (name: string, token = admin) => ask('POST', `/v1/lab/attacks/${name}`, token, {});
  const [mitm, meanwhile] = await Promise.all([run('mitm'), run('replay')]);
  assert.deepEqual([meanwhile.status, meanwhile.json.code], [409, 'already_running']);
  assert.deepEqual([mitm.status, mitm.json.verdict, mitm.json.held], [200, 'HELD', true]);
  const changed = mitm.json.steps.find(({ id }: { id: string }) => id === 'payee_changed');
  assert.match(changed.original, /CuentaB/);
  assert.match(changed.sent, /Mallory/);
  assert.match(changed.received, /mac_mismatch/);
  assert.match(changed.journal, /transaction\.refused mac_mismatch: CuentaA → Mallory/);
  assert.doesNotMatch(JSON.stringify(mitm.json), /"password\\?":\\?"(?!…)/);

  assert.equal(
    (await run('flood')).status,
    404,
    'what takes the server from its users is not for the console',
  );
  assert.equal((await run('mitm', auditor)).status, 404);
  for (const name of ['replay', 'reorder', 'guess', 'downgrade']) {
    const { status, json } = await run(name);
    assert.deepEqual([status, json.verdict], [200, 'HELD'], `${name}: ${JSON.stringify(json)}`);
  }
  assert.equal((await ask('GET', '/v1/lab/attacks', admin)).json.running, null);
});

test('there is no laboratory unless the configuration enables it', async (t) => {
  const { ask, admin } = await laboratory(t, false);
  assert.equal((await ask('GET', '/v1/lab/attacks', admin)).json.code, 'resource_unknown');
  assert.equal((await ask('POST', '/v1/lab/attacks/mitm', admin, {})).json.code, 'resource_unknown');
});
