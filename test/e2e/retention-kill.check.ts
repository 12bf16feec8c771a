/*
 * Goal: a server that is killed at any point while it archives or erases loses no entry and empties none that is in no file.
 * Method: a real process archives a copy of a sealed database, with a file of many bundles, and is killed after a random
 * time; then the export must be the one of before, byte for byte, and a process that is left alone finishes the work.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openApplication, openAuditReader } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { exportJournal } from '../../src/operator/audit/exported-journal.ts';
import { verifyStoredJournal } from '../../src/operator/audit/stored-journal.ts';
import { sealerOn } from '../application/log/log-fixture.ts';
import { registeredSession, temporaryFolder } from '../services/application.ts';

const CHILD = fileURLToPath(new URL('retention-crash-child.ts', import.meta.url));
const ROUNDS = Number(process.env.SELLO_KILLS ?? 4);
const ENTRIES = 3_000;

const configOf = (folder: string) => loadConfig({ flags: { '--data-dir': folder } }).config;

/** A data folder with sealed entries of two users. */
async function sealedFolder(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  const application = await openApplication(configOf(folder), { maintenance: false });
  for (const name of ['alice', 'bob']) {
    await registeredSession(application, name);
    const userId = (await application.store.findUser(name))?.userId ?? assert.fail();
    for (let count = 0; count < ENTRIES / 2; count += 500) {
      await Promise.all(
        Array.from({ length: 500 }, () =>
          application.context.decider.submit({
            userId,
            decide: (user) => ({
              result: undefined,
              ...(user
                ? { draft: { type: 'session.ended', state: user.state, detail: { note: 'x'.repeat(100) } } }
                : {}),
            }),
          }),
        ),
      );
    }
  }
  const { sealer } = sealerOn(application.store, application.vault);
  await sealer.seal();
  await sealer.stop();
  await application.close();
  return folder;
}

async function exported(folder: string): Promise<string> {
  const journal = await openAuditReader(configOf(folder));
  try {
    let text = '';
    for await (const lines of exportJournal(journal, undefined)) text += lines;
    return text;
  } finally {
    await journal.close();
  }
}

/** @param killAfterMs after it has begun; undefined: it may finish @returns how long it ran, and whether it finished */
async function run(
  args: readonly string[],
  killAfterMs?: number,
): Promise<{ readonly ms: number; readonly finished: boolean }> {
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const begun = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.includes('begun')) begun.resolve();
  });
  const ended = once(child, 'exit');
  await Promise.race([begun.promise, ended]);
  const startedAt = performance.now();
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  await ended;
  clearTimeout(timer);
  return { ms: performance.now() - startedAt, finished: output.includes('done') };
}

test('a server that is killed while it archives loses no entry', { timeout: 170_000 }, async (t) => {
  const original = await sealedFolder(t);
  const before = await exported(original);
  const whole = await temporaryFolder(t);
  await cp(original, whole, { recursive: true });
  const { ms, finished } = await run([whole]);
  assert.ok(finished);
  assert.equal(await exported(whole), before);
  let cut = 0;
  const stages: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    const folder = join(whole, '..', `${whole.split('/').at(-1)}-${round}`);
    t.after(() => rm(folder, { recursive: true, force: true }));
    await cp(original, folder, { recursive: true });
    const killed = await run([folder], Math.random() * ms);
    if (!killed.finished) cut++;
    const names = await readdir(join(folder, 'archive')).catch(() => []);
    const journal = await openAuditReader(configOf(folder));
    const { archived, pruned } = await journal.retention.readRetention();
    await journal.close();
    const stage =
      archived === 0 ? (names.length > 0 ? 'writing' : 'before') : pruned < archived ? 'emptying' : 'after';
    stages[stage] = (stages[stage] ?? 0) + 1;
    assert.equal(await exported(folder), before, `round ${round}: ${stage}`);
    assert.ok((await run([folder])).finished);
    assert.equal(await exported(folder), before, `round ${round}, finished`);
  }
  t.diagnostic(`${cut} of ${ROUNDS} were killed in time: ${JSON.stringify(stages)}`);
  assert.ok(cut > 0);
});

test('a server that is killed while it erases finishes at the next start', {
  timeout: 170_000,
}, async (t) => {
  const original = await sealedFolder(t);
  assert.ok((await run([original])).finished);
  const whole = await temporaryFolder(t);
  await cp(original, whole, { recursive: true });
  const { ms } = await run([whole, 'alice']);
  for (let round = 0; round < Math.ceil(ROUNDS / 2); round++) {
    const folder = `${whole}-${round}`;
    t.after(() => rm(folder, { recursive: true, force: true }));
    await cp(original, folder, { recursive: true });
    await run([folder, 'alice'], Math.random() * ms);
    assert.ok((await run([folder, 'alice'])).finished);
    const text = await exported(folder);
    assert.ok(!text.includes('alice'), `round ${round}`);
    const journal = await openAuditReader(configOf(folder));
    const { fault, rowFault } = await verifyStoredJournal(journal);
    await journal.close();
    assert.deepEqual([fault, rowFault], [undefined, undefined], `round ${round}`);
  }
});
