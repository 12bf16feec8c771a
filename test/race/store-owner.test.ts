import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { SqliteFolder } from '../adapters/sqlite/folder.ts';

const STORE = new URL('../../src/adapters/sqlite/store.ts', import.meta.url).href;

/** Opens the store, says how that went, and keeps what it has until it is killed. */
function startRival(path: string): ChildProcess {
  const program = `const { openSqliteStore } = await import(${JSON.stringify(STORE)});
    try { await openSqliteStore({ path: ${JSON.stringify(path)} }); console.log('open'); }
    catch (error) { console.log(error.name + ': ' + error.message); }
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('race for the file', () => {
  test('of eight processes started at once exactly one owns it; when it is killed another one may', async () => {
    const folder = new SqliteFolder();
    const rivals: ChildProcess[] = [];
    try {
      for (let round = 0; round < 2; round++) {
        const started = Array.from({ length: 8 }, () => startRival(folder.path));
        rivals.push(...started);
        const said = await Promise.all(
          started.map(async (child) => {
            assert.ok(child.stdout);
            const [chunk] = await once(child.stdout, 'data');
            return String(chunk).trim();
          }),
        );
        assert.equal(said.filter((text) => text === 'open').length, 1, said.join('\n'));
        const owner = started[said.indexOf('open')];
        assert.ok(owner);
        for (const text of said.filter((each) => each !== 'open')) {
          assert.match(text, /^StartRefused: the database .* is in use by (another process|process \d+): /);
        }
        await assert.rejects(folder.open(), new RegExp(`in use by process ${owner.pid}:`));
        owner.kill('SIGKILL');
        await once(owner, 'exit');
      }
    } finally {
      for (const child of rivals) child.kill('SIGKILL');
      await folder.dispose();
    }
  });
});
