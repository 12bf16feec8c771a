import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenedStore } from './opened-store.ts';

const keyOf = (n: number) => n.toString(16).padStart(64, '0');
const AT = 1_800_000_000_000;

/** What was tried at names of nobody: compare-and-set, bounded, pruned. */
export function unknownNamesContract(name: string, open: () => Promise<OpenedStore>): void {
  test(`${name}: of parallel changes of an unknown name one is stored`, async () => {
    const { store, dispose } = await open();
    const change = (expected: string | undefined, state: string) =>
      store.replaceUnknownName({ key: keyOf(1), expected, state, at: AT, namesMax: 100 });
    assert.equal(await store.findUnknownName(keyOf(1)), undefined);
    for (let round = 0; round < 10; round++) {
      const expected = await store.findUnknownName(keyOf(1));
      const stored = await Promise.all(
        Array.from({ length: 16 }, (_, n) => change(expected, `{"round":${round},"n":${n}}`)),
      );
      assert.equal(stored.filter(Boolean).length, 1);
      assert.equal(await store.findUnknownName(keyOf(1)), `{"round":${round},"n":${stored.indexOf(true)}}`);
    }
    assert.equal(await change('{"other":1}', '{}'), false);
    await dispose();
  });

  test(`${name}: the unknown names stored last are kept, a bounded number of them; old ones are pruned`, async () => {
    const { store, dispose } = await open();
    const set = async (n: number, at: number) => {
      const key = keyOf(n);
      const expected = await store.findUnknownName(key);
      assert.ok(await store.replaceUnknownName({ key, expected, state: `{"n":${at}}`, at, namesMax: 10 }));
    };
    const kept = async () => {
      const found = await Promise.all(Array.from({ length: 40 }, (_, n) => store.findUnknownName(keyOf(n))));
      return found.flatMap((state, n) => (state === undefined ? [] : [n]));
    };
    for (let n = 0; n < 30; n++) {
      await set(n, AT + n);
      // One that is tried again and again stays.
      await set(5, AT + n);
    }
    const names = await kept();
    assert.ok(names.length <= 10 && names.includes(5) && names.includes(29), `${names}`);
    const before = { idempotencyRecords: 0, sessions: 0, limit: 100 };
    assert.equal(await store.prune({ ...before, unknownNames: AT + 29 }), false);
    assert.deepEqual(await kept(), [5, 29]);
    await dispose();
  });
}
