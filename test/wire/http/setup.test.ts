/*
 * Goal: the link of the first start creates one administrator before it expires, and none afterwards.
 * Method: the real HTTP server, with wrong codes, parallel claims and a clock that is moved.
 */
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { disableUser } from '../../../src/application/users/administer-user.ts';
import { FirstAdministrator } from '../../../src/application/users/first-administrator.ts';
import { createUser } from '../../../src/application/users/register-user.ts';
import { runServer, type ServerProcess } from '../../e2e/server-process.ts';
import { StoppedClock, temporaryFolder } from '../../services/application.ts';
import { until } from '../../waiting.ts';
import { type HttpFixture, PASSWORD, testHttp } from './http-fixture.ts';

const codeOf = ({ server }: HttpFixture): string => server.dependencies.firstAdministrator?.code ?? '';

function setUp(fixture: HttpFixture, username: string, code = codeOf(fixture), headers = {}) {
  return fixture.post('/v1/setup', undefined, { code, username, password: PASSWORD }, headers);
}

/** All of what it says at its start. */
async function printed(server: ServerProcess): Promise<void> {
  await until(() => server.stdout.includes('Ctrl-C'), { said: () => server.stdout });
}

test('the link of the first start creates one administrator and no second one', async (t) => {
  const fixture = await testHttp(t);
  const wrong = `${codeOf(fixture).slice(0, -1)}!`;
  const refused = await setUp(fixture, 'root', wrong);
  assert.deepEqual([refused.status, refused.json.code], [403, 'setup_code_invalid']);
  const short = { code: codeOf(fixture), username: 'root', password: 'a' };
  assert.equal((await fixture.post('/v1/setup', undefined, short)).json.code, 'password_too_short');

  const key = { 'idempotency-key': 'first' };
  const made = await setUp(fixture, 'root', undefined, key);
  assert.deepEqual([made.status, made.json], [201, { username: 'root' }]);
  const repeated = await setUp(fixture, 'root', undefined, key);
  assert.deepEqual([repeated.status, repeated.headers.get('idempotency-replayed')], [201, 'true']);
  const root = await fixture.logIn('root');
  assert.equal((await root.get('/v1/admin/services')).status, 200);

  for (const headers of [{}, key]) {
    assert.equal((await setUp(fixture, 'other', undefined, headers)).json.code, 'setup_code_invalid');
  }
});

test('of many at once one is made', async (t) => {
  const fixture = await testHttp(t);
  const names = Array.from({ length: 20 }, (_, index) => `root${index}`);
  const answers = await Promise.all(names.map((name) => setUp(fixture, name)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(19).fill(403)]);
});

test('it is not offered after an hour, or when there is an administrator, or to anyone at the start', async (t) => {
  const clock = new StoppedClock();
  const late = await testHttp(t, { clock });
  clock.advance(3_600_001);
  assert.equal((await setUp(late, 'root')).json.code, 'setup_code_invalid');

  const made = await testHttp(t);
  const { context } = made.application;
  await createUser(context, { username: 'chief', password: PASSWORD, role: 'admin' });
  assert.equal((await setUp(made, 'root')).json.code, 'setup_code_invalid');
  await made.user('alice');
});

test('it is offered again at each start while nobody administrates, whoever has registered', async (t) => {
  const fixture = await testHttp(t);
  await fixture.user('alice');
  const { context } = fixture.application;
  const offered = async () => (await FirstAdministrator.offer(context)) !== undefined;
  assert.equal(await offered(), true);
  assert.equal((await setUp(fixture, 'root')).status, 201);
  assert.equal(await offered(), false);
  const root = await context.store.findUser('root');
  assert.ok(root);
  await disableUser(context, root.userId);
  assert.equal(await offered(), true);
});

test('without a terminal the start writes it to a private file; no output has it, and the next start removes it', async (t) => {
  const folder = await temporaryFolder(t);
  const options = { folder, flags: { '--log-level': 'debug' } };
  const server = await runServer(t, options);
  await printed(server);
  const file = join(folder, 'setup-link');
  assert.ok(server.stdout.includes(file), server.stdout);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const link = /^(http:\S+)\/console#setup=([A-Za-z0-9_-]{32})\n$/.exec(await readFile(file, 'utf8'));
  assert.ok(link);
  const [, origin = '', code = ''] = link;
  const answer = await fetch(`${origin}/v1/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, username: 'root', password: PASSWORD }),
  });
  assert.equal(answer.status, 201, await answer.text());
  await server.stop();
  assert.ok(!(server.stdout + server.stderr).includes(code));
  const next = await runServer(t, options);
  await printed(next);
  assert.ok(!next.stdout.includes('setup-link'));
  await assert.rejects(stat(file), /ENOENT/);
});
