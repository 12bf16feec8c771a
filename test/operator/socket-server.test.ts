/*
 * Goal: operations reach a running server only through its socket, one after the other, and are answered.
 * Method: the real socket in a temporary folder; requests good and bad, and servers that were killed.
 */
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Application } from '../../src/compose.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { LIMITS } from '../../src/limits.ts';
import { askOperator, askServer, operate } from '../../src/operator/client.ts';
import { findOperatorPath } from '../../src/operator/socket-path.ts';
import { openOperatorSocket } from '../../src/operator/socket-server.ts';
import { temporaryFolder, testApplication } from '../services/application.ts';

const LOG = { info() {}, error() {} };

async function opened(
  t: TestContext,
  deep = '',
): Promise<{ application: Application; config: Config; path: string }> {
  const folder = join(await temporaryFolder(t), deep);
  const application = await testApplication(t, { flags: { '--data-dir': folder } });
  const { config } = loadConfig({ flags: { '--data-dir': folder } });
  const socket = await openOperatorSocket({ application }, folder, LOG);
  t.after(() => socket.close());
  return { application, config, path: socket.path };
}

/** Sends bytes as they are. @returns all that comes until the server closes, or the first line */
function raw(path: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(bytes));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) socket.end();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')));
  });
}

test("the socket is the operator's alone, and gone when it is closed", async (t) => {
  const folder = await temporaryFolder(t);
  const application = await testApplication(t, { flags: { '--data-dir': folder } });
  const socket = await openOperatorSocket({ application }, folder, LOG);
  assert.equal(socket.path, join(folder, 'sello.sock'));
  const about = await stat(socket.path);
  assert(about.isSocket());
  assert.equal(about.mode & 0o777, 0o600);
  await socket.close();
  await assert.rejects(stat(socket.path), /ENOENT/);
});

test('operations run in the server, and refusals come back as they are', async (t) => {
  const { config } = await opened(t);
  const created = await operate(config, 'user.create', {
    username: 'alice',
    password: 'correct horse',
    role: 'user',
  });
  assert('username' in created);
  assert.deepEqual(await operate(config, 'user.disable', { username: 'nobody' }), {
    ok: false,
    refused: 'user_unknown',
  });
});

test('an invalid request is refused with its reason, and the server continues', async (t) => {
  const { path } = await opened(t);
  const cases: [string, string][] = [
    ['x\n', 'json_invalid'],
    ['[]\n', 'message_invalid'],
    ['{"command":5}\n', 'message_invalid'],
    ['{"command":"constructor"}\n', 'action_unknown'],
    ['{"command":"__proto__"}\n', 'action_unknown'],
    ['{"command":"user.create","arguments":{"username":"a"}}\n', 'message_invalid'],
    [
      '{"command":"user.create","arguments":{"username":"a","password":"b","role":"root"}}\n',
      'message_invalid',
    ],
    ['{"command":"user.list","arguments":{"after":0,"limit":5,"more":1}}\n', 'message_invalid'],
    ['{"command":"backup","arguments":{"folder":"relative"}}\n', 'message_invalid'],
    [`${'x'.repeat(LIMITS.operatorLineBytesMax + 1)}\n`, 'line_too_long'],
    ['x'.repeat(LIMITS.operatorLineBytesMax * 4), 'line_too_long'],
  ];
  for (const [bytes, refused] of cases) {
    const answer = JSON.parse(await raw(path, bytes));
    assert.deepEqual([answer.ok, answer.refused], [false, refused], bytes.slice(0, 60));
  }
  assert.equal(JSON.parse(await raw(path, '{"command":"status"}\n')).ok, true);
});

test('requests of one connection are answered in order', async (t) => {
  const { path } = await opened(t);
  const answers = await new Promise<string>((resolve) => {
    const socket = connect(path, () =>
      socket.write('{"command":"status"}\n{"command":"nothing"}\n{"command":"keys.list"}\n'),
    );
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.split('\n').length === 4) socket.end();
    });
    socket.on('close', () => resolve(text));
  });
  assert.deepEqual(
    answers
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).ok),
    [true, false, true],
  );
});

test('a socket that a killed server left is replaced; that of a living one is not', async (t) => {
  const { application, config, path } = await opened(t);
  await assert.rejects(openOperatorSocket({ application }, config.dataDir, LOG), /another server answers/);

  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'sello.sock'), '');
  const socket = await openOperatorSocket({ application }, folder, LOG);
  assert((await stat(socket.path)).isSocket());
  await socket.close();
  assert(path.length > 0);
});

test('a data folder whose path is too long for a socket puts it elsewhere and says where', async (t) => {
  const { config, path } = await opened(t, 'd'.repeat(120));
  assert(Buffer.byteLength(path) <= 107);
  assert.equal((await readFile(join(config.dataDir, 'sello.sock.path'), 'utf8')).trim(), path);
  assert.equal((await stat(dirname(path))).mode & 0o777, 0o700);
  assert.equal(findOperatorPath(config.dataDir), path);
  assert.equal((await askServer(config, { command: 'status', arguments: {} }))?.ok, true);
  // A folder that others may write in could hold anyone's socket.
  await chmod(dirname(path), 0o777);
  assert.equal(findOperatorPath(config.dataDir), undefined);
  await chmod(dirname(path), 0o700);
});

test('a backup and a rotation of keys exclude each other', async (t) => {
  const { config } = await opened(t);
  const folder = join(await temporaryFolder(t), 'backup');
  const both = await Promise.all([
    operate(config, 'backup', { folder }),
    operate(config, 'keys.rotate', { keep_old: false }),
  ]);
  const refused = both.filter((answer) => 'refused' in answer);
  assert.equal(refused.length, 1);
  assert(refused.every((answer) => 'refused' in answer && answer.refused === 'busy'));
  assert('version' in (await operate(config, 'keys.rotate', { keep_old: false })));
});

test('an operation under way when the socket closes is answered', async (t) => {
  const folder = await temporaryFolder(t);
  const application = await testApplication(t, { flags: { '--data-dir': folder } });
  const hashing = Promise.withResolvers<void>();
  const passwords = Object.create(application.context.passwords, {
    hash: {
      value: (password: string) => {
        hashing.resolve();
        return application.context.passwords.hash(password);
      },
    },
  });
  const observed = { ...application, context: { ...application.context, passwords } };
  const socket = await openOperatorSocket({ application: observed }, folder, LOG);
  const idle = connect(socket.path);
  await new Promise((resolve) => idle.once('connect', resolve));
  const user = { username: 'alice', password: 'correct horse', role: 'user' };
  const answer = askOperator(socket.path, { command: 'user.create', arguments: user });
  await hashing.promise;
  await Promise.all([socket.close(), answer]);
  assert.equal((await answer)?.ok, true);
  idle.destroy();
});

test('a server that disappears during a request is reported as gone', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'sello.sock');
  const server = createServer((socket) => socket.once('data', () => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => server.close());
  await assert.rejects(
    askOperator(path, { command: 'status', arguments: {} }),
    /gave no answer, what was asked may be done/,
  );
  assert.equal(await askOperator(join(folder, 'none.sock'), { command: 'status', arguments: {} }), undefined);
  await rm(path);
});
