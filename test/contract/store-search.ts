import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/domain/search/count-spans.ts';
import { candidates, SegmentBuilder } from '../../src/domain/search/segment.ts';
import type { HeldLease } from '../../src/ports/lease.ts';
import type { EntryCount, Tally, UserScan } from '../../src/ports/search-store.ts';
import type { Store } from '../../src/ports/store.ts';
import { Chain, registered, token } from './chain.ts';
import { type OpenedStore, withStore } from './opened-store.ts';

async function searchLease(store: Store): Promise<HeldLease> {
  const { lease } = await store.leases.take({ name: 'search', holder: 'test', durationMs: 30_000 });
  assert.ok(lease);
  return lease;
}

const sorted = (counts: readonly EntryCount[]) =>
  [...counts].sort((a, b) => a.at - b.at || (`${a.type} ${a.reason}` < `${b.type} ${b.reason}` ? -1 : 1));

export function searchContract(name: string, open: () => Promise<OpenedStore>): void {
  test(
    `${name}: segments of the index are stored once each, in order, by the lease’s holder, and read by page and time`,
    withStore(open, async (store, { reopen }) => {
      const lease = await searchLease(store);
      const pages = (byte: number) => [
        { page: 0, postings: Uint8Array.of(byte, 0, 255) },
        { page: 255, postings: Uint8Array.of(byte) },
      ];
      const segment = (number: number, at: number) => ({
        ...{ lease, segment: number, atMin: at, atMax: at + 10, pages: pages(number) },
      });
      assert.deepEqual(await store.search.progress(), { counted: 0, segments: 0 });
      assert.equal(await store.search.addSegment(segment(1, 100)), 'superseded');
      assert.equal(await store.search.addSegment(segment(0, 100)), 'stored');
      assert.equal(await store.search.addSegment(segment(0, 100)), 'superseded');
      const other = { ...segment(1, 200), lease: { ...lease, fence: lease.fence + 1 } };
      assert.equal(await store.search.addSegment(other), 'lease_lost');
      const raced = await Promise.all(
        Array.from({ length: 8 }, () => store.search.addSegment(segment(1, 200))),
      );
      assert.equal(raced.filter((outcome) => outcome === 'stored').length, 1);
      assert.equal(await store.search.addSegment(segment(2, 300)), 'stored');

      const again = await reopen();
      assert.deepEqual(await again.search.progress(), { counted: 0, segments: 3 });
      const found = await again.search.readSegmentPages([
        { segment: 2, page: 255 },
        { segment: 1, page: 0 },
        { segment: 1, page: 7 },
        { segment: 9, page: 0 },
      ]);
      const told = found.map(({ segment: of, page, postings }) => [of, page, [...postings]]);
      assert.deepEqual(told.sort(), [
        [1, 0, [1, 0, 255]],
        [2, 255, [2]],
      ]);
      const find = (more: Partial<Parameters<Store['search']['findSegments']>[0]>) =>
        again.search.findSegments({
          ...{ start: 0, order: 'ascending', from: 0, to: Number.MAX_SAFE_INTEGER, limit: 9, ...more },
        });
      assert.deepEqual(await find({}), [0, 1, 2]);
      assert.deepEqual(await find({ start: 1, order: 'descending' }), [1, 0]);
      assert.deepEqual(await find({ from: 111 }), [1, 2]);
      assert.deepEqual(await find({ to: 200 }), [0]);
      assert.deepEqual(await find({ from: 205, to: 206, order: 'descending', start: 9 }), [1]);
      assert.deepEqual(await find({ limit: 1, start: 2, order: 'descending' }), [2]);
    }),
  );

  test(
    `${name}: entries are counted by second, type and reason, up to where was asked, with what they say of users`,
    withStore(open, async (store) => {
      const [one, two] = (await registered(store, 2)) as [Chain, Chain];
      const refused = (chain: Chain, at: number, lockedMs?: number) => {
        const detail = { factor: 'password', failures: 1, ...(lockedMs ? { locked_ms: lockedMs } : {}) };
        return chain.next({ type: 'login.refused', at, detail, reason: 'credentials_invalid' });
      };
      await store.append([one.next({ type: 'login.accepted', at: 60_000 }), refused(two, 60_999)]);
      await store.append([
        refused(two, 61_000, 30_000),
        one.next({ type: 'transaction.approved', at: 61_000 }),
      ]);
      await store.append([two.next({ type: 'admin.user_unlocked', at: 62_000, detail: { by: 'root' } })]);
      const whole = await store.search.tally({ after: 0, limit: 100 });
      assert.deepEqual([whole.to, whole.at], [7, 62_000]);
      const count = (at: number, type: string, reason = '', times = 1) => ({
        at,
        type,
        reason,
        count: times,
      });
      assert.deepEqual(sorted(whole.counts), [
        count(1_000, 'user.registered', '', 2),
        count(60_000, 'login.accepted'),
        count(60_000, 'login.refused', 'credentials_invalid'),
        count(61_000, 'login.refused', 'credentials_invalid'),
        count(61_000, 'transaction.approved'),
        count(62_000, 'admin.user_unlocked'),
      ]);
      assert.deepEqual(whole.marks.slice(2), [
        { kind: 'logged_in', userId: one.userId, at: 60_000 },
        { kind: 'locked', userId: two.userId, at: 61_000, until: 91_000 },
        { kind: 'unlocked', userId: two.userId, at: 62_000 },
      ]);
      const part = await store.search.tally({ after: 2, limit: 2 });
      assert.deepEqual([part.to, part.counts.length], [4, 2]);
      assert.deepEqual(await store.search.tally({ after: 7, limit: 2 }), {
        ...{ to: 7, at: 0, counts: [], marks: [] },
      });
    }),
  );

  test(
    `${name}: what was counted is added once, by second, minute and hour, and forgotten when it is old`,
    withStore(open, async (store, { reopen }) => {
      const lease = await searchLease(store);
      const at = HOUR_MS + 61_000;
      const tally = (more: Partial<Tally> = {}): Tally => ({
        ...{ to: 3, at, marks: [] },
        counts: [
          { at, type: 'login.refused', reason: 'locked', count: 2 },
          { at: at + 1_000, type: 'login.refused', reason: 'locked', count: 1 },
        ],
        ...more,
      });
      const kept = { secondsSince: 0, minutesSince: 0, hoursSince: 0 };
      const change = (expected: number, more: Partial<Tally> = {}, since = kept) =>
        store.search.addCounts({ lease, expected, tally: tally(more), ...since });
      const raced = await Promise.all(Array.from({ length: 8 }, () => change(0)));
      assert.equal(raced.filter((outcome) => outcome === 'stored').length, 1);
      const stale = { ...lease, fence: lease.fence + 1 };
      assert.equal(
        await store.search.addCounts({ lease: stale, expected: 3, tally: tally(), ...kept }),
        'lease_lost',
      );
      assert.equal(await change(3, { to: 6 }), 'stored');
      const again = await reopen();
      const read = async (unit: number) =>
        sorted(await again.search.readCounts({ unit, from: 0, to: 2 * HOUR_MS })).map((each) => [
          each.at,
          each.reason,
          each.count,
        ]);
      assert.deepEqual(await read(SECOND_MS), [
        [at, 'locked', 4],
        [at + 1_000, 'locked', 2],
      ]);
      assert.deepEqual(await read(MINUTE_MS), [[HOUR_MS + MINUTE_MS, 'locked', 6]]);
      assert.deepEqual(await read(HOUR_MS), [[HOUR_MS, 'locked', 6]]);
      const renewed = await searchLease(again).catch(() => lease);
      const since = { secondsSince: at + 1_000, minutesSince: 2 * HOUR_MS, hoursSince: 0 };
      const forgotten = { lease: renewed, expected: 6, tally: tally({ to: 7, counts: [] }), ...since };
      assert.equal(await again.search.addCounts(forgotten), 'stored');
      assert.deepEqual(await read(SECOND_MS), [[at + 1_000, 'locked', 2]]);
      assert.deepEqual(await read(MINUTE_MS), []);
      assert.deepEqual(await read(HOUR_MS), [[HOUR_MS, 'locked', 6]]);
      assert.deepEqual(await again.search.progress(), { counted: 7, segments: 0 });
    }),
  );

  test(
    `${name}: users are listed in each order by each filter, part by part, and those who are locked are known`,
    withStore(open, async (store) => {
      const ids = await store.allocateUserIds(6);
      const names = ['carla', 'Anna', 'bruno', 'anna2', 'dörte', 'carlo'];
      const chains = ids.map((userId, index) => new Chain(userId, names[index]));
      await store.append(
        chains.map((chain, index) =>
          chain.registration({ role: index === 2 ? 'auditor' : 'user', disabled: index === 3 }),
        ),
      );
      const [carla, anna] = chains as [Chain, Chain];
      await store.append([
        anna.next({
          type: 'token.activated',
          rows: [{ kind: 'token.insert', token: token(anna.userId, 'one') }],
        }),
        carla.next({
          type: 'token.enrolled',
          rows: [{ kind: 'token.insert', token: token(carla.userId, 'two', { status: 'pending' }) }],
        }),
      ]);
      const lease = await searchLease(store);
      const marks: Tally['marks'] = [
        ...ids.map((userId) => ({ kind: 'registered' as const, userId, at: 1_000 })),
        { kind: 'logged_in', userId: carla.userId, at: 5_000 },
        { kind: 'logged_in', userId: anna.userId, at: 4_000 },
        { kind: 'locked', userId: anna.userId, at: 4_000, until: 9_000 },
        { kind: 'locked', userId: carla.userId, at: 4_000, until: 8_000 },
        { kind: 'unlocked', userId: carla.userId, at: 4_500 },
      ];
      const tally = { to: 8, at: 5_000, counts: [], marks };
      const kept = { secondsSince: 0, minutesSince: 0, hoursSince: 0 };
      assert.equal(await store.search.addCounts({ lease, expected: 0, tally, ...kept }), 'stored');
      assert.deepEqual(await store.search.lockedUsers({ at: 8_999, limit: 9 }), [anna.userId]);
      assert.deepEqual(await store.search.lockedUsers({ at: 9_000, limit: 9 }), []);

      const list = async (more: Partial<UserScan>) => {
        const found: string[] = [];
        const scan = { order: 'registered', descending: false, filter: {}, scanned: 2, limit: 2 } as const;
        for (let after: UserScan['after']; ; ) {
          const page = await store.search.scanUsers({ ...scan, ...more, after });
          found.push(...page.users.map(({ username }) => username));
          if (!page.next) return found;
          after = page.next;
        }
      };
      assert.deepEqual(await list({}), names);
      assert.deepEqual(await list({ descending: true, scanned: 9, limit: 1 }), [...names].reverse());
      assert.deepEqual(await list({ order: 'name' }), ['Anna', 'anna2', 'bruno', 'carla', 'carlo', 'dörte']);
      assert.deepEqual(await list({ order: 'name', descending: true, filter: { prefix: 'carl' } }), [
        'carlo',
        'carla',
      ]);
      assert.deepEqual((await list({ order: 'last_login', descending: true })).slice(0, 2), [
        'carla',
        'Anna',
      ]);
      assert.equal((await list({ order: 'last_login', scanned: 1, limit: 1 })).length, 6);
      assert.deepEqual(await list({ filter: { search: 'nn' } }), ['Anna', 'anna2']);
      assert.deepEqual(await list({ filter: { prefix: 'anna' } }), ['anna2']);
      assert.deepEqual(await list({ filter: { role: 'auditor' } }), ['bruno']);
      assert.deepEqual(await list({ filter: { disabled: true } }), ['anna2']);
      assert.deepEqual(await list({ filter: { token: true } }), ['Anna']);
      assert.equal((await list({ filter: { token: false } })).length, 5);
      assert.deepEqual(await list({ filter: { lastLogInSince: 4_000, lastLogInBefore: 5_000 } }), ['Anna']);
      assert.deepEqual(await list({ filter: { search: '\0' } }), []);
    }),
  );

  test(
    `${name}: erased entries leave no term in the index, and the others stay`,
    withStore(open, async (store) => {
      const lease = await searchLease(store);
      const builder = new SegmentBuilder();
      for (let number = 0; number < 600; number++) builder.add([7, number % 2 ? 9 : 0xff00_0000 + number]);
      const pages = builder.pages();
      await store.search.addSegment({ lease, segment: 0, atMin: 1, atMax: 2, pages });
      const tally = {
        to: 1,
        at: 1,
        counts: [],
        marks: [{ kind: 'locked' as const, userId: 5, at: 1, until: 9 }],
      };
      const kept = { secondsSince: 0, minutesSince: 0, hoursSince: 0 };
      await store.search.addCounts({ lease, expected: 0, tally, ...kept });
      for (let time = 0; time < 2; time++) {
        await store.search.forgetEntries({ userId: 5, positions: [1, 2, 5, 9_999] });
      }
      const found = async (term: number) => {
        const [page] = await store.search.readSegmentPages([{ segment: 0, page: term >>> 24 }]);
        return candidates([[term]], () => page?.postings);
      };
      assert.equal((await found(7)).length, 597);
      assert.deepEqual((await found(7)).slice(0, 3), [2, 3, 5]);
      assert.equal((await found(9)).length, 299);
      assert.deepEqual(await found(0xff00_0000), []);
      assert.deepEqual(await found(0xff00_0002), [2]);
      assert.deepEqual(await store.search.lockedUsers({ at: 2, limit: 9 }), []);
    }),
  );

  test(
    `${name}: entries are read by their positions, in the order asked`,
    withStore(open, async (store) => {
      const [one, two] = (await registered(store, 2)) as [Chain, Chain];
      await store.append([one.next({ at: 2_000 }), two.next({ at: 2_000 }), one.next({ at: 2_001 })]);
      const all = await store.readJournal({ after: 0, limit: 9 });
      const read = await store.search.readEntries([5, 1, 4, 99, 3]);
      assert.deepEqual(
        read,
        [5, 1, 4, 3].map((position) => all[position - 1]),
      );
      assert.deepEqual(await store.search.readEntries([]), []);
    }),
  );
}
