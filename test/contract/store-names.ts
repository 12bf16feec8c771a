import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AppendOutcome, Store } from '../../src/ports/store.ts';
import { Chain } from './chain.ts';
import type { OpenedStore } from './opened-store.ts';

/** `alice` with the а of Cyrillic, and with the α of Greek. */
export const CYRILLIC = '\u0430lice';
export const GREEK = '\u03b1lice';

export async function register(store: Store, username: string): Promise<[AppendOutcome | undefined, Chain]> {
  const [userId = 0] = await store.allocateUserIds(1);
  const chain = new Chain(userId, username);
  const [outcome] = await store.append([chain.registration()]);
  return [outcome, chain];
}

/** Names are unique, and so are their skeletons unless both names are of ASCII alone. */
export function namesContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name}: names`, () => {
    test('a name that looks like another is a conflict, whichever came first; names of ASCII never are', async () => {
      const { store, dispose } = await open();
      const outcome = async (username: string) => (await register(store, username))[0];
      assert.equal(await outcome('alice'), 'appended');
      for (const like of [CYRILLIC, GREEK]) assert.equal(await outcome(like), 'conflict');
      assert.equal(await store.findUser(CYRILLIC), undefined);

      // Whole-script: Cyrillic first, then Latin.
      assert.equal(await outcome('\u0441\u043e\u0440'), 'appended');
      assert.equal(await outcome('cop'), 'conflict');
      assert.equal(await outcome('\u0441\u043e\u0440'), 'conflict');

      for (const ascii of ['u1', 'ul', 'u10', 'uIO', 'm', 'rn', 'Alice'])
        assert.equal(await outcome(ascii), 'appended');
      for (const other of ['peña', 'pena', 'müller', 'muller', 'мария', '山田'])
        assert.equal(await outcome(other), 'appended');

      // Two of one call: the first gets it.
      const [one = 0, two = 0] = await store.allocateUserIds(2);
      const pair = [new Chain(one, 'scope'), new Chain(two, '\u0455\u0441\u043e\u0440\u0435')];
      assert.deepEqual(await store.append(pair.map((chain) => chain.registration())), [
        'appended',
        'conflict',
      ]);
      await dispose();
    });

    test('a rename releases what the name held alone, and claims the new one', async () => {
      const { store, dispose } = await open();
      const [, chain] = await register(store, CYRILLIC);
      assert.equal((await register(store, 'alice'))[0], 'conflict');
      const rename = (from: string, username: string) =>
        store.append([
          chain.fork().next({ rows: [{ kind: 'user.rename', userId: chain.userId, from, username }] }),
        ]);
      await register(store, 'bob');
      assert.deepEqual(await rename(CYRILLIC, '\u0184ob'), ['conflict']);
      // A conflict released nothing.
      assert.equal((await register(store, 'alice'))[0], 'conflict');
      assert.deepEqual(await rename(CYRILLIC, '(removed 1)'), ['appended']);
      assert.equal((await register(store, 'alice'))[0], 'appended');
      assert.equal((await register(store, CYRILLIC))[0], 'conflict');
      await dispose();
    });
  });
}
