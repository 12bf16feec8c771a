/*
 * Goal: the vault's passphrase comes from where the operator put it, and from nowhere else.
 * Method: files, pipes and folders with the wrong content or the wrong mode.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { systemRandom } from '../../../src/adapters/system/random.ts';
import { resolvePassphrase } from '../../../src/adapters/vault-file/passphrase.ts';
import { StartRefused } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { throwAwayFolder } from '../../contract/vault-fixture.ts';

describe('the vault’s passphrase', () => {
  test('given, is taken as it is', async (t) => {
    const { folder, remove } = await throwAwayFolder();
    t.after(remove);
    const source = { generateInto: join(folder, 'generated'), random: systemRandom };
    for (const given of ['secret', ' with blanks ', 'contraseña', 'x'.repeat(LIMITS.passphraseBytesMax)]) {
      assert.deepEqual(await resolvePassphrase({ ...source, given, file: '/nowhere' }), {
        passphrase: given,
        origin: 'given',
      });
    }
    for (const given of [
      '',
      'x'.repeat(LIMITS.passphraseBytesMax + 1),
      'ñ'.repeat(LIMITS.passphraseBytesMax / 2 + 1),
    ]) {
      await assert.rejects(resolvePassphrase({ ...source, given }), StartRefused);
    }
    assert.deepEqual(await readdir(folder), []);
  });

  test('in a file, is its text without the last line break', async (t) => {
    const { folder, remove } = await throwAwayFolder();
    t.after(remove);
    const file = join(folder, 'passphrase');
    const source = { file, generateInto: join(folder, 'generated'), random: systemRandom };
    await assert.rejects(resolvePassphrase(source), refusal(/does not exist/));
    for (const [text, passphrase] of [
      ['secret', 'secret'],
      ['secret\n', 'secret'],
      ['secret\r\n', 'secret'],
      ['secret\n\n', 'secret\n'],
      [' secret ', ' secret '],
    ] as const) {
      await writeFile(file, text, { mode: 0o600 });
      assert.deepEqual(await resolvePassphrase(source), { passphrase, origin: 'file' });
    }
    await writeFile(file, '\n');
    await assert.rejects(resolvePassphrase(source), refusal(/it is empty/));
    await writeFile(file, 'x'.repeat(LIMITS.passphraseBytesMax + 3));
    await assert.rejects(resolvePassphrase(source), refusal(/longer than/));
    assert.deepEqual(await readdir(folder), ['passphrase']);
  });

  test('in a file that others can open, is refused with the command that mends it', async (t) => {
    const { folder, remove } = await throwAwayFolder();
    t.after(remove);
    const file = join(folder, 'passphrase');
    await writeFile(file, 'secret', { mode: 0o600 });
    const open = [0o604, 0o644, 0o666, 0o777];
    const sources = [
      [{ file, generateInto: join(folder, 'other'), random: systemRandom }, [...open, 0o640, 0o660, 0o610]],
      [{ generateInto: file, random: systemRandom }, open],
    ] as const;
    for (const [source, modes] of sources) {
      for (const mode of modes) {
        await chmod(file, mode);
        await assert.rejects(
          resolvePassphrase(source),
          refusal(/is open to other users \(mode 0\d+\)\. Run: chmod 600 '/),
        );
      }
      for (const mode of [0o600, 0o400]) {
        await chmod(file, mode);
        assert.equal((await resolvePassphrase(source)).passphrase, 'secret');
      }
    }
  });

  test('that was generated is taken back from its group: a volume with fsGroup opens it to that group', async (t) => {
    const { folder, remove } = await throwAwayFolder();
    t.after(remove);
    const source = { generateInto: join(folder, 'passphrase'), random: systemRandom };
    const { passphrase } = await resolvePassphrase(source);
    for (const mode of [0o660, 0o640, 0o670]) {
      await chmod(source.generateInto, mode);
      assert.equal((await resolvePassphrase(source)).passphrase, passphrase);
      assert.equal((await stat(source.generateInto)).mode & 0o777, 0o600);
    }
  });

  test('in bytes that are no UTF-8 text, or after a byte order mark, is refused, not read as another one', async (t) => {
    const { folder, remove } = await throwAwayFolder();
    t.after(remove);
    const file = join(folder, 'passphrase');
    const source = { file, generateInto: join(folder, 'other'), random: systemRandom };
    for (const [bytes, problem] of [
      [[0xef, 0xbb, 0xbf, 0x61], /byte order mark/],
      [[0xff, 0xfe, 0x61, 0x00], /is UTF-16/],
      [[0xc3, 0x28], /is not UTF-8/],
    ] as const) {
      await writeFile(file, Buffer.from(bytes), { mode: 0o600 });
      await assert.rejects(resolvePassphrase(source), refusal(problem));
    }
  });

  test('is read only from a regular file, and a pipe does not hang the start', async (t) => {
    const { folder, remove } = await throwAwayFolder();
    t.after(remove);
    const source = { generateInto: join(folder, 'generated'), random: systemRandom };
    await mkdir(join(folder, 'folder'));
    await assert.rejects(resolvePassphrase({ ...source, file: join(folder, 'folder') }), StartRefused);
    const pipe = join(folder, 'pipe');
    assert.equal(spawnSync('mkfifo', ['-m', '600', pipe]).status, 0);
    await assert.rejects(resolvePassphrase({ ...source, file: pipe }), refusal(/is not a regular file/));
  });

  test('not given, is made once into a private file', async (t) => {
    const { folder, remove } = await throwAwayFolder();
    t.after(remove);
    const source = { generateInto: join(folder, 'passphrase'), random: systemRandom };
    await assert.rejects(
      resolvePassphrase({ ...source, mayGenerate: false }),
      refusal(/is missing.*Put the file back/),
    );
    assert.deepEqual(await readdir(folder), []);
    const first = await resolvePassphrase(source);
    assert.equal(first.origin, 'generated');
    assert.match(first.passphrase, /^[A-Za-z0-9_-]{43}$/);
    assert.equal((await stat(source.generateInto)).mode & 0o777, 0o600);
    assert.equal(await readFile(source.generateInto, 'utf8'), `${first.passphrase}\n`);
    const again = { ...source, mayGenerate: false };
    assert.deepEqual(await resolvePassphrase(again), { passphrase: first.passphrase, origin: 'file' });
    assert.deepEqual(await readdir(folder), ['passphrase']);
    const nowhere = { ...source, generateInto: join(folder, 'missing', 'passphrase') };
    await assert.rejects(resolvePassphrase(nowhere), refusal(/cannot be written \(ENOENT\)/));
  });

  test('made by many at the same time, is one', async (t) => {
    const { folder, remove } = await throwAwayFolder();
    t.after(remove);
    const source = { generateInto: join(folder, 'passphrase'), random: systemRandom };
    const made = await Promise.all(Array.from({ length: 100 }, () => resolvePassphrase(source)));
    assert.equal(new Set(made.map((each) => each.passphrase)).size, 1);
    assert.equal(made.filter((each) => each.origin === 'generated').length, 1);
    assert.deepEqual(await readdir(folder), ['passphrase']);
  });
});

function refusal(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StartRefused, String(error));
    assert.match(error.message, message);
    return true;
  };
}
