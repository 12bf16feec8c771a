/*
 * Goal: the log verifies with tools that are not ours: Go's sumdb/note and sumdb/tlog (test/go/check-log).
 * Method: the real HTTP server and a log of three levels; the Go program reads every entry through authenticated tiles, and
 * is given proofs, an older checkpoint and an export. It must find what is changed in each, too.
 *
 * Run by .ci/run. Skips where there is no Go, or its module cannot be had.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openSqliteReader } from '../../src/adapters/sqlite/reader.ts';
import { exportJournal } from '../../src/operator/audit/exported-journal.ts';
import { sealerOn } from '../application/log/log-fixture.ts';
import { registered } from '../contract/chain.ts';
import { temporaryFolder } from '../services/application.ts';
import { testHttp } from '../wire/http/http-fixture.ts';

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL('../go/check-log', import.meta.url));
const BUILD_TIME_MS = 120_000;

/** @returns the path of the Go program; undefined where it cannot be built, and then the test is skipped */
async function checker(t: TestContext, folder: string): Promise<string | undefined> {
  const path = join(folder, 'check-log');
  try {
    await run('go', ['build', '-o', path, '.'], { cwd: SOURCE, timeout: BUILD_TIME_MS });
    return path;
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    t.skip(code === 'ENOENT' ? 'there is no Go here' : `it cannot be built: ${stderr.slice(0, 300)}`);
    return undefined;
  }
}

test('Go reads the whole log, its proofs and an older checkpoint, and finds what is changed', async (t) => {
  const folder = await temporaryFolder(t);
  const program = await checker(t, folder);
  if (program === undefined) return;
  const fixture = await testHttp(t);
  const { store, context, sqlite } = fixture.application;
  const { sealer } = sealerOn(store, context.vault, { key: context.logKey });
  const chains = await registered(store, 700);
  await sealer.seal();
  const old = join(folder, 'old');
  await writeFile(old, (await fixture.get('/log/checkpoint')).text);
  for (let round = 0; round < 100; round++) await store.append(chains.map((chain) => chain.next()));
  await sealer.seal();
  const size = await store.log.sealedSize();
  assert.ok(size > 65_536 + 256);

  const reader = await openSqliteReader(sqlite?.path ?? '');
  const exported = join(folder, 'export.jsonl');
  const file = createWriteStream(exported);
  for await (const lines of exportJournal(reader, undefined)) file.write(lines);
  await new Promise((resolve) => file.end(() => resolve(undefined)));
  await reader.close();
  const proofs: string[] = [];
  const [wrongHash] = await store.log.readSealed({ from: 1, limit: 1 });
  for (const index of [0, 255, 256, 65_535, 65_536, size - 1]) {
    const [entry] = await store.log.readSealed({ from: index, limit: 1 });
    const path = join(folder, `${index}.tlog-proof`);
    await writeFile(path, (await fixture.get(`/v1/journal/${index}/proof`)).text);
    proofs.push('-proof', `${path}:${entry?.hash}`);
  }
  const check = async (...given: string[]) => run(program, [...given, fixture.base]);
  const { stdout } = await check('-old', old, '-export', exported, ...proofs);
  assert.equal(stdout, `${size} entries, 6 proofs\n`);

  await assert.rejects(check('-proof', `${join(folder, '0.tlog-proof')}:${wrongHash?.hash}`));
  const forked = join(folder, 'forked');
  await writeFile(forked, (await readFile(old, 'utf8')).replace(/\n700\n/, '\n699\n'));
  await assert.rejects(check('-old', forked));
  const text = await readFile(exported, 'utf8');
  const changed = join(folder, 'changed.jsonl');
  await writeFile(
    changed,
    text.replace(/("hash":")(.)/, (_, start, digit) => `${start}${digit === '0' ? 1 : 0}`),
  );
  await assert.rejects(check('-export', changed), /entry 0 is not line 0/);
});
