import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSecretFile } from '../../src/config/secret-file.ts';
import { temporaryFolder } from '../services/application.ts';

test('a secret comes from a file that its owner, or a group that only reads, may read', async (t) => {
  const file = join(await temporaryFolder(t), 'passphrase');
  await writeFile(file, 'correct horse\n');
  for (const mode of [0o400, 0o600, 0o440, 0o640]) {
    await chmod(file, mode);
    assert.deepEqual(readSecretFile(file), { text: 'correct horse' }, mode.toString(8));
  }
});

test('one that others may read, or the group change, is refused with the command that mends it', async (t) => {
  const file = join(await temporaryFolder(t), 'passphrase');
  await writeFile(file, 'correct horse\n');
  for (const mode of [0o604, 0o644, 0o660, 0o666, 0o602, 0o601]) {
    await chmod(file, mode);
    assert.deepEqual(readSecretFile(file), {
      problem: `${file} is open to other users: run chmod 600 '${file}'; where a supervisor mounts it, have it mounted with mode 0440 (Kubernetes: defaultMode: 0440)`,
    });
  }
});

test('a secret that is no UTF-8 text, or begins with a byte order mark, is refused: it would be another one', async (t) => {
  const file = join(await temporaryFolder(t), 'passphrase');
  for (const bytes of [
    [0xef, 0xbb, 0xbf, 0x61],
    [0xff, 0xfe, 0x61, 0x00],
    [0xc3, 0x28],
  ]) {
    await writeFile(file, Buffer.from(bytes), { mode: 0o600 });
    assert.match((readSecretFile(file) as { problem: string }).problem, /UTF-8/);
  }
});
