import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nativeTreeHasher } from '../../src/domain/log/native-tree-hasher.ts';
import { appendEntries, EMPTY_EDGE, type TreeEdge } from '../../src/domain/log/tree-edge.ts';
import type { HeldLease } from '../../src/ports/lease.ts';
import type { Store } from '../../src/ports/store.ts';
import { registered } from './chain.ts';
import { type OpenedStore, withStore } from './opened-store.ts';

async function sealerLease(store: Store): Promise<HeldLease> {
  const { lease } = await store.leases.take({ name: 'sealer', holder: 'test', durationMs: 30_000 });
  assert.ok(lease);
  return lease;
}

/** Seals all that is not sealed yet. */
async function sealAll(store: Store, lease: HeldLease, from: TreeEdge | undefined): Promise<TreeEdge> {
  let edge = from ?? EMPTY_EDGE;
  const full = [];
  for (;;) {
    const entries = await store.log.readUnsealed({ from: edge.size, limit: 700 });
    if (entries.length === 0) break;
    const appended = appendEntries(nativeTreeHasher, edge, entries);
    edge = appended.edge;
    full.push(...appended.full);
  }
  const checkpoint = { size: edge.size, at: 5_000, note: `note of ${edge.size}\n`, edge: edge.packed };
  assert.equal(await store.log.seal({ lease, previousSize: from?.size, full, checkpoint }), 'sealed');
  return edge;
}

/** The transparency log: what is sealed, in which order, and by whom. */
export function logContract(name: string, open: () => Promise<OpenedStore>): void {
  test(`${name}: entries are sealed in the order in which they are read, and read back by index`, async () => {
    const opened = await open();
    const { store } = opened;
    assert.equal(await store.log.sealedSize(), 0);
    assert.equal(await store.log.lastCheckpoint(), undefined);
    assert.deepEqual(await store.log.readSealed({ from: 0, limit: 10 }), []);
    const chains = await registered(store, 300);
    assert.deepEqual(await store.log.readSealed({ from: 0, limit: 10 }), [], 'nothing is sealed yet');
    const lease = await sealerLease(store);
    const edge = await sealAll(store, lease, undefined);
    assert.equal(edge.size, 300);
    await store.append(chains.slice(0, 5).map((chain) => chain.next()));

    const reopened = await opened.reopen();
    const reader = await opened.openReader();
    for (const { log } of [reopened, reader]) {
      assert.equal(await log.sealedSize(), 300);
      const [first, ...others] = await log.readSealed({ from: 0, limit: 200 });
      const rest = await log.readSealed({ from: 200, limit: 200 });
      assert.ok(first);
      const sealed = [first, ...others, ...rest];
      assert.deepEqual(
        sealed.map(({ index }) => index),
        Array.from({ length: 300 }, (_, index) => index),
      );
      const last = await log.lastCheckpoint();
      assert.deepEqual({ ...last, edge: 0 }, { size: 300, at: 5_000, note: 'note of 300\n', edge: 0 });
      assert.deepEqual(Buffer.from(last?.edge ?? []), Buffer.from(edge.packed));
      const [full, partial] = await log.readFullTiles([
        { level: 0, number: 0 },
        { level: 0, number: 1 },
      ]);
      assert.equal(partial, undefined);
      const hashes = sealed.map(({ hash }) => hash).join('');
      assert.equal(
        Buffer.concat([full ?? Buffer.of(), edge.packed.slice(0, 44 * 32)]).toString('hex'),
        hashes,
      );
      const { userId, version, type, body } = first;
      const chain = opened.inParts ? chains.find((each) => each.userId === userId) : chains[0];
      assert.deepEqual(
        { userId, version, type },
        { userId: chain?.userId, version: 1, type: 'user.registered' },
      );
      assert.equal(JSON.parse(body).user, chain?.username);
    }
    await reader.close();
    // What is not sealed follows in the order of the journal.
    const unsealed = await reopened.log.readUnsealed({ from: 300, limit: 100 });
    const hashes = chains.slice(0, 5).map(({ hash }) => hash);
    const found = Array.from({ length: 5 }, (_, index) =>
      Buffer.from(unsealed.subarray(index * 32, (index + 1) * 32)).toString('hex'),
    );
    assert.equal(unsealed.length, 5 * 32);
    assert.deepEqual(opened.inParts ? found.toSorted() : found, opened.inParts ? hashes.toSorted() : hashes);
    assert.equal((await reopened.log.readUnsealed({ from: 305, limit: 100 })).length, 0);
    await opened.dispose();
  });

  test(
    `${name}: a checkpoint is stored only after the one before it, and only by the holder of the lease`,
    withStore(open, async (store) => {
      const [chain] = await registered(store, 1);
      assert.ok(chain);
      const lease = await sealerLease(store);
      const edge = await sealAll(store, lease, undefined);
      await store.append([chain.next()]);
      const { edge: next } = appendEntries(
        nativeTreeHasher,
        edge,
        await store.log.readUnsealed({ from: 1, limit: 10 }),
      );
      const seal = (previousSize: number | undefined, under = lease) =>
        store.log.seal({
          lease: under,
          previousSize,
          full: [],
          checkpoint: { size: next.size, at: 0, note: 'n', edge: next.packed },
        });
      assert.equal(await seal(undefined), 'superseded');
      assert.equal(await seal(0), 'superseded');
      await store.leases.release(lease);
      const other = await sealerLease(store);
      assert.equal(await seal(1), 'lease_lost');
      assert.equal(await store.log.sealedSize(), 1);
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => seal(1, other)));
      assert.equal(outcomes.filter((outcome) => outcome === 'sealed').length, 1, 'the log was forked');
      assert.equal(outcomes.filter((outcome) => outcome === 'superseded').length, 7);
      assert.equal(await store.log.sealedSize(), 2);
    }),
  );

  test(
    `${name}: the last checkpoints are kept, a bounded number of them`,
    withStore(open, async (store) => {
      const [chain] = await registered(store, 1);
      assert.ok(chain);
      const lease = await sealerLease(store);
      let edge = await sealAll(store, lease, undefined);
      for (let n = 0; n < 20; n++) {
        await store.append([chain.next()]);
        edge = await sealAll(store, lease, edge);
      }
      assert.equal((await store.log.lastCheckpoint())?.size, 21);
    }),
  );

  test(
    `${name}: each witness's line is added once, of all at once, to the checkpoint that it signs`,
    withStore(open, async (store) => {
      const [chain] = await registered(store, 1);
      assert.ok(chain);
      const edge = await sealAll(store, await sealerLease(store), undefined);
      const lines = Array.from({ length: 8 }, (_, n) => `— witness.example/${n} AAAA\n`);
      const added = await Promise.all(
        [...lines, ...lines].map((line) => store.log.addCosignature(edge.size, line)),
      );
      assert.equal(added.filter(Boolean).length, 8);
      const { note = '' } = (await store.log.lastCheckpoint()) ?? {};
      assert.deepEqual(
        note.slice('note of 1\n'.length).trimEnd().split('\n').sort(),
        lines.map((line) => line.trimEnd()),
      );
      assert.equal(await store.log.addCosignature(99, '— late AAAA\n'), false);
    }),
  );
}
