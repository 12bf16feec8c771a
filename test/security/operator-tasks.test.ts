/*
 * Goal: no operator's task runs for ever or is left half done, and none keeps the others from running.
 * Method: the real operations and socket; folders of the kernel, callers that go away, signals that abort.
 */
import assert from 'node:assert/strict';
import { readdir, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { rotateKeys } from '../../src/application/keys/rotate-keys.ts';
import { runExclusively } from '../../src/application/upkeep/exclusive-operation.ts';
import { makeDataFolder } from '../../src/compose/data-folder.ts';
import { isRefusal } from '../../src/domain/errors.ts';
import { runOperation } from '../../src/operator/operations.ts';
import { openOperatorSocket } from '../../src/operator/socket-server.ts';
import { registeredSession, temporaryFolder, testApplication } from '../services/application.ts';
import { until } from '../waiting.ts';

async function opened(t: TestContext) {
  const base = await temporaryFolder(t);
  const folder = join(base, 'data');
  const application = await testApplication(t, { flags: { '--data-dir': folder } });
  const backup = (name: string, signal?: AbortSignal) =>
    runOperation({ application }, 'backup', { folder: name }, signal) as Promise<Record<string, string>>;
  return { base, folder, application, backup };
}

test('a backup into a folder of the kernel, the data folder or a file is refused, and the next one runs', async (t) => {
  const { base, folder, backup } = await opened(t);
  await symlink('/proc', join(base, 'link'));
  await writeFile(join(base, 'file'), '');
  const refused: [string, RegExp][] = [
    ['/proc/1/x', /kernel \(proc\)/],
    ['/proc/self/x/y', /kernel \(proc\)/],
    ['/sys/x', /kernel \(sysfs\)/],
    ['/dev/x', /kernel \(devices\)/],
    [join(base, 'link', 'x'), /kernel \(proc\)/],
    [folder, /in the data folder/],
    [join(folder, 'deep', 'copy'), /in the data folder/],
    [join(base, 'file'), /is not a folder/],
    [join(base, 'file', 'x'), /ENOTDIR/],
  ];
  for (const [name, reason] of refused) {
    const answer = await backup(name);
    assert.equal(answer.refused, 'backup_folder_invalid', name);
    assert.match(answer.detail ?? '', reason, name);
  }
  assert.ok(!(await readdir(folder)).includes('deep'));
  assert.equal((await backup(join(base, 'a', 'copy'))).refused, undefined);
  await assert.rejects(makeDataFolder('/proc/1/x'), /kernel/);
});

test('a cancelled backup leaves nothing, and frees the place for the next operation', async (t) => {
  const { base, backup, application } = await opened(t);
  await registeredSession(application, 'alice');
  const cancelled = new AbortController();
  const running = backup(join(base, 'a', 'copy'), cancelled.signal);
  assert.equal((await backup(join(base, 'b'))).refused, 'busy');
  cancelled.abort();
  assert.equal((await running).refused, 'operation_cancelled');
  assert.equal((await backup(join(base, 'b'))).refused, undefined);
  await until(async () => !(await readdir(base)).includes('a'));
});

test('a step that hangs keeps its operation no longer than its signal', async (t) => {
  const { application } = await opened(t);
  const { context } = application;
  const cancelled = new AbortController();
  const hung = runExclusively(context, 'backup', () => new Promise<never>(() => {}), cancelled.signal);
  cancelled.abort();
  const answer = await hung;
  assert.ok(isRefusal(answer));
  assert.equal(answer.refused, 'operation_cancelled');
  assert.equal(await runExclusively(context, 'next', async () => 'ran'), 'ran');
});

test('a caller who goes away ends the operation that it asked for', async (t) => {
  const { base, folder, application } = await opened(t);
  const operator = await openOperatorSocket({ application }, folder, { info() {}, error() {} });
  t.after(() => operator.close());
  const { sqlite } = application;
  assert.ok(sqlite);
  const original = sqlite.backup.bind(sqlite);
  const begun = Promise.withResolvers<AbortSignal>();
  sqlite.backup = async (path, signal) => {
    assert.ok(signal);
    begun.resolve(signal);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    await original(path, signal);
  };
  const socket = connect(operator.path);
  socket.write(`${JSON.stringify({ command: 'backup', arguments: { folder: join(base, 'copy') } })}\n`);
  const signal = await begun.promise;
  socket.destroy();
  await until(() => signal.aborted);
  sqlite.backup = original;
  await until(async () => !(await readdir(base)).includes('copy'));
  assert.equal(
    ((await runOperation({ application }, 'backup', { folder: join(base, 'next') })) as { folder?: string })
      .folder,
    join(base, 'next'),
  );
});

test('a cancelled rotation keeps the old keys: everything opens, and the next one ends it', async (t) => {
  const { application } = await opened(t);
  const { context } = application;
  await registeredSession(application, 'alice');
  const cancelled = new AbortController();
  const settled = context.keyLeases.settled.bind(context.keyLeases);
  context.keyLeases.settled = async () => {
    await settled();
    cancelled.abort();
  };
  const rotated = await rotateKeys(context, { signal: cancelled.signal });
  assert.deepEqual([rotated.rewrapped, rotated.oldDestroyed], [0, false]);
  context.keyLeases.settled = settled;
  const next = await rotateKeys(context, {});
  assert.deepEqual([next.rewrapped, next.damaged, next.oldDestroyed], [1, 0, true]);
});
