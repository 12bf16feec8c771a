import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { LeaseHolder } from '../../src/application/leases/lease-holder.ts';
import type { HeldLease, Leases } from '../../src/ports/lease.ts';
import { type OpenedStore, withStore } from './opened-store.ts';

const LONG_MS = 30_000;

async function taken(leases: Leases, name: string, durationMs = LONG_MS, holder = 'a'): Promise<HeldLease> {
  const { lease } = await leases.take({ name, holder, durationMs });
  assert.ok(lease);
  return lease;
}

/** Leases, and the positions of sinks that are moved under them. */
export function leasesContract(name: string, open: () => Promise<OpenedStore>): void {
  test(
    `${name}: a lease is held by one until it ends or is released, and each holder has a larger number`,
    withStore(open, async ({ leases }) => {
      const first = await taken(leases, 'sealer');
      const refused = await leases.take({ name: 'sealer', holder: 'b', durationMs: LONG_MS });
      assert.equal(refused.lease, undefined);
      assert.ok(!refused.lease && refused.holder === 'a' && refused.endsInMs > 0);
      assert.ok(!refused.lease && refused.endsInMs <= LONG_MS);
      await taken(leases, 'relay/pulsar', LONG_MS, 'b');
      assert.equal(await leases.renew(first, LONG_MS), true);
      await leases.release(first);
      const second = await taken(leases, 'sealer', 20, 'b');
      assert.ok(second.fence > first.fence);
      await setTimeout(40);
      const third = await taken(leases, 'sealer', LONG_MS, 'c');
      assert.ok(third.fence > second.fence);
      assert.equal(await leases.renew(second, LONG_MS), false, 'renewed what another holds');
      await leases.release(second);
      assert.equal((await leases.take({ name: 'sealer', holder: 'd', durationMs: 1 })).lease, undefined);
    }),
  );

  test(
    `${name}: of parallel takers of a lease exactly one gets it, round after round`,
    withStore(open, async ({ leases }) => {
      let fence = 0;
      for (let round = 0; round < 20; round++) {
        const answers = await Promise.all(
          Array.from({ length: 16 }, (_, n) =>
            leases.take({ name: 'relay/syslog', holder: `${n}`, durationMs: LONG_MS }),
          ),
        );
        const won = answers.flatMap(({ lease }) => lease ?? []);
        assert.equal(won.length, 1);
        assert.ok((won[0]?.fence ?? 0) > fence);
        fence = won[0]?.fence ?? 0;
        await leases.release(won[0] as HeldLease);
      }
    }),
  );

  test(`${name}: a fencing number is never given twice, whatever restarts`, async () => {
    const opened = await open();
    const first = await taken(opened.store.leases, 'sealer', 20);
    const { leases } = await opened.reopen();
    await setTimeout(40);
    assert.ok((await taken(leases, 'sealer')).fence > first.fence);
    await opened.dispose();
  });

  test(
    `${name}: a holder keeps its lease by renewing it, and notices when it was lost`,
    withStore(open, async ({ leases }) => {
      const holder = new LeaseHolder(leases, { name: 'sealer', holder: 'a', durationMs: 60 });
      const other = new LeaseHolder(leases, { name: 'sealer', holder: 'b', durationMs: 10_000 });
      const first = await holder.hold();
      assert.ok(first);
      await setTimeout(25);
      assert.deepEqual(await holder.hold(), first);
      await setTimeout(80);
      assert.ok(((await other.hold())?.fence ?? 0) > first.fence);
      assert.equal(await holder.hold(), undefined);
      assert.equal(holder.isHeld, false);
      await other.release();
      assert.ok(await holder.hold());
    }),
  );

  test(
    `${name}: a sink's position moves only from where it is, and only under the lease that is held now`,
    withStore(open, async ({ leases, sinks }) => {
      assert.equal(await sinks.find('pulsar'), undefined);
      const lease = await taken(leases, 'relay/pulsar');
      const move = (expected: number | undefined, position: number, under = lease) =>
        sinks.move({ sink: 'pulsar', lease: under, expected, position, detail: `{"at":${position}}` });
      assert.equal(await move(0, 5), false, 'it has no position yet');
      assert.equal(await move(undefined, 5), true);
      assert.equal(await move(undefined, 6), false);
      const parallel = await Promise.all(Array.from({ length: 8 }, (_, n) => move(5, 10 + n)));
      assert.equal(parallel.filter(Boolean).length, 1);
      const position = 10 + parallel.indexOf(true);
      assert.deepEqual(await sinks.find('pulsar'), { position, detail: `{"at":${position}}` });
      await leases.release(lease);
      const next = await taken(leases, 'relay/pulsar', LONG_MS, 'b');
      assert.equal(await move(position, 99), false, 'moved under a lease that another holds');
      assert.equal(await move(position, 20, next), true);
      assert.equal(await move(20, 21, { name: 'relay/webhooks', fence: next.fence }), false);
      await sinks.remove('pulsar');
      assert.equal(await sinks.find('pulsar'), undefined);
    }),
  );

  test(
    `${name}: leases are prolonged and positions moved together, each on its own merits`,
    withStore(open, async ({ leases, sinks }) => {
      const held = await Promise.all(['c', 'a', 'b', 'd'].map((sink) => taken(leases, `relay/${sink}`, 300)));
      const [c, a, b, d] = held as [HeldLease, HeldLease, HeldLease, HeldLease];
      await sinks.move({ sink: 'b', lease: b, expected: undefined, position: 7, detail: '{}' });
      await leases.release(d);
      const another = await taken(leases, 'relay/d', LONG_MS, 'other');
      const kept = (lease: HeldLease, sink: string, expected: number | undefined, position: number) => ({
        ...{ lease, durationMs: LONG_MS, move: { sink, expected, position, detail: '{}' } },
      });
      assert.deepEqual(
        await sinks.keep([
          kept(c, 'c', undefined, 3),
          { lease: a, durationMs: LONG_MS, move: undefined },
          kept(b, 'b', 6, 9),
          kept(d, 'd', undefined, 1),
        ]),
        [true, true, false, false],
      );
      const position = async (sink: string) => (await sinks.find(sink))?.position;
      assert.deepEqual(
        [await position('c'), await position('a'), await position('b'), await position('d')],
        [3, undefined, 7, undefined],
      );
      await setTimeout(320);
      assert.equal(
        (await leases.take({ name: 'relay/a', holder: 'other', durationMs: 10 })).lease,
        undefined,
      );
      assert.equal(
        (await leases.take({ name: 'relay/c', holder: 'other', durationMs: 10 })).lease,
        undefined,
      );
      assert.equal(await leases.renew(another, LONG_MS), true);
      assert.deepEqual(await sinks.keep([]), []);
    }),
  );
}
