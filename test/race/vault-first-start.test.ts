import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { createFileVault, openFileVault } from '../../src/adapters/vault-file/open-file-vault.ts';
import { StartRefused } from '../../src/domain/errors.ts';
import { throwAwayFolder, vaultOptions } from '../contract/vault-fixture.ts';

test('of a hundred that make the same vault exactly one does, and its keys are the ones', async (t) => {
  const { folder, remove } = await throwAwayFolder();
  t.after(remove);
  const options = vaultOptions(folder);
  const made = await Promise.allSettled(Array.from({ length: 100 }, () => createFileVault(options)));
  const winners = made.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const [winner] = winners;
  assert.equal(winners.length, 1);
  for (const outcome of made) {
    if (outcome.status === 'rejected')
      assert.ok(outcome.reason instanceof StartRefused, String(outcome.reason));
  }
  const opened = await openFileVault(options);
  assert.deepEqual(await opened.publicKeys(), await winner?.publicKeys());
  assert.deepEqual(await readdir(folder), ['vault']);
  await opened.close();
  await winner?.close();
});
