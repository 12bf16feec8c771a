/*
 * Goal: a version of a dataset is written with its entry or not at all; its seed is listed for rewrapping until it is destroyed.
 * Method: one suite, run against each store.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DatasetVersionRow, SideRow, Store } from '../../src/ports/store.ts';
import { Chain } from './chain.ts';
import { type OpenedStore, withStore } from './opened-store.ts';

const AT = 1_800_000_000_000;

function version(dataset: string, number: number): DatasetVersionRow {
  const seed = `wrapped-${dataset}-${number}`;
  return { dataset, version: number, status: 'active', seed, createdAt: AT, changedAt: AT };
}

export function datasetsContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name}: datasets`, () => {
    const withEmpty = (body: Parameters<typeof withStore>[1]) => withStore(open, body);
    const writer = (store: Store) => {
      let system = new Chain(0);
      return async (...rows: SideRow[]) => {
        const tried = system.fork();
        const [outcome] = await store.append([tried.next({ type: 'dataset.created', rows })]);
        if (outcome === 'appended') system = tried;
        return outcome;
      };
    };
    const insert = (row: DatasetVersionRow): SideRow => ({ kind: 'dataset.insert', version: row });

    test(
      'versions are listed by dataset and in order; the same one twice is a conflict',
      withEmpty(async (store) => {
        const write = writer(store);
        for (const row of [version('b', 1), version('a', 1), version('a', 2), version('c', 1)])
          assert.equal(await write(insert(row)), 'appended');
        assert.equal(await write(insert(version('a', 2))), 'conflict');
        assert.deepEqual(await store.findDataset('a'), [version('a', 1), version('a', 2)]);
        assert.deepEqual(await store.findDataset('A'), []);
        const names = async (after: string, limit: number) =>
          (await store.listDatasets({ after, limit })).map((row) => `${row.dataset}${row.version}`);
        assert.deepEqual(await names('', 2), ['a1', 'a2', 'b1']);
        assert.deepEqual(await names('b', 2), ['c1']);
      }),
    );

    test(
      'a retired version keeps its seed, a destroyed one has none',
      withEmpty(async (store) => {
        const write = writer(store);
        await write(insert(version('a', 1)), insert(version('a', 2)));
        const update = (number: number, status: 'retired' | 'destroyed'): SideRow => ({
          ...{ kind: 'dataset.update', dataset: 'a', version: number, status, changedAt: AT + 1 },
        });
        await write(update(1, 'destroyed'), update(2, 'retired'));
        assert.deepEqual(await store.findDataset('a'), [
          { ...version('a', 1), status: 'destroyed', seed: '', changedAt: AT + 1 },
          { ...version('a', 2), status: 'retired', changedAt: AT + 1 },
        ]);
        await assert.rejects(write(update(3, 'retired')), /a row that is not there/);
      }),
    );

    test(
      'seeds are listed for rewrapping in pages of any size, and replaced where they are as expected',
      withEmpty(async (store) => {
        const write = writer(store);
        const rows = ['a', 'b', 'c'].flatMap((dataset) => [version(dataset, 1), version(dataset, 2)]);
        await write(...rows.map(insert));
        for (const limit of [1, 2, 5, 100]) {
          const found: string[] = [];
          let after: Parameters<Store['listWrappedKeys']>[0]['after'];
          for (;;) {
            const page = await store.listWrappedKeys({ after, limit });
            if (page.length === 0) break;
            after = page.at(-1);
            for (const { kind, tokenId, wrapped } of page) found.push(`${kind} ${tokenId} ${wrapped}`);
          }
          assert.deepEqual(
            found,
            rows.map((row) => `dataset ${row.dataset}/${row.version} ${row.seed}`),
            `${limit}`,
          );
        }
        const replace = (expected: string) =>
          store.replaceWrappedKeys([
            { kind: 'dataset', userId: 0, tokenId: 'b/2', expected, replacement: 'wrapped again' },
          ]);
        assert.deepEqual(await replace('something else'), [false]);
        assert.deepEqual(await replace('wrapped-b-2'), [true]);
        assert.equal((await store.findDataset('b'))[1]?.seed, 'wrapped again');
      }),
    );
  });
}
