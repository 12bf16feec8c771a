/*
 * Goal: names that were registered before names claimed skeletons claim them, at most so many at a time, and look-alikes
 * that exist already stay. On PostgreSQL a server of the version before goes on registering names without claims.
 * Method: users as that version writes them, before and after the migration.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Store } from '../../../src/ports/store.ts';
import { CYRILLIC, GREEK, register } from '../../contract/store-names.ts';

export interface OldNames {
  /** Inserts a user as the version before does. */
  insert(userId: number, username: string): Promise<void>;
  /** Migrates, then opens a store. */
  upgrade(): Promise<Store>;
  dispose(): Promise<void>;
}

export function oldNamesContract(name: string, create: () => Promise<OldNames>): void {
  describe(`${name}: names of versions before claims`, () => {
    test('they claim their skeletons in bounded steps; look-alikes of before both stay, and get no third', async (t) => {
      const old = await create();
      t.after(() => old.dispose());
      for (const [index, username] of ['alice', CYRILLIC, 'bob', 'u1', 'ul'].entries())
        await old.insert(index + 1, username);
      const store = await old.upgrade();
      let steps = 1;
      while (await store.claimNames(2)) steps++;
      // Five, and the system's.
      assert.equal(steps, 4);
      assert.equal(await store.claimNames(2), false);
      for (const username of ['alice', CYRILLIC]) assert.ok(await store.findUser(username));
      for (const like of [GREEK, 'b\u043eb', 'b\u043eb', 'u\u04c0'])
        assert.equal((await register(store, like))[0], 'conflict', like);
      assert.equal((await register(store, 'uI'))[0], 'appended');
    });

    test('a name by a server of a version before, after the migration, claims at the next upkeep', async (t) => {
      const old = await create();
      t.after(() => old.dispose());
      const store = await old.upgrade();
      while (await store.claimNames(100));
      await old.insert(1_000, 'alice');
      await store.claimNames(100);
      assert.equal((await register(store, CYRILLIC))[0], 'conflict');
    });
  });
}
