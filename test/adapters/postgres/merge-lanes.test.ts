/*
 * Goal: whatever part of a history of units of work is visible, in whatever pieces, what gets places keeps each lane's order and
 * each user's, and nothing waits that need not.
 * Method: random histories of several lanes, shown bit by bit and merged at each step.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FreshUnit, mergeLanes, unitKey } from '../../../src/adapters/postgres/merge-lanes.ts';

const LANES = 4;
const history = fc.array(
  fc.record({
    lane: fc.integer({ min: 1, max: LANES }),
    users: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
    at: fc.integer({ min: 0, max: 9 }),
    /** In which step it becomes visible. */
    shown: fc.integer({ min: 0, max: 3 }),
  }),
  { maxLength: 40 },
);

test('lanes keep their order and users theirs, and in the end everything has its place, once', () => {
  fc.assert(
    fc.property(history, (committed) => {
      const seqs = new Map<number, number>();
      const heads = new Map<number, { lane: number; key: string; version: number }>();
      const all = committed.map(({ lane, users, at, shown }) => {
        const seq = (seqs.get(lane) ?? 0) + 1;
        seqs.set(lane, seq);
        const key = unitKey(lane, seq);
        const before = users.map((user) => heads.get(user)).filter((head) => head !== undefined);
        const entries = users.map((user) => ({ user, version: (heads.get(user)?.version ?? 0) + 1 }));
        for (const { user, version } of entries) heads.set(user, { lane, key, version });
        return { unit: { lane, seq, at, entries: users.length }, key, before, entries, shown };
      });
      const placed = new Map<number, number>();
      const done = new Set<string>();
      const versions = new Map<number, number>();
      for (let step = 0; step <= 3; step++) {
        const fresh: FreshUnit[] = all
          .filter(({ shown, key }) => shown <= step && !done.has(key))
          .map(({ unit, before }) => ({
            ...unit,
            after: before
              .filter(({ lane, key }) => lane !== unit.lane && !done.has(key))
              .map(({ key }) => key),
          }))
          .sort((a, b) => a.lane - b.lane || a.seq - b.seq);
        for (const { lane, seq } of mergeLanes(fresh, placed)) {
          const key = unitKey(lane, seq);
          assert.equal(seq, (placed.get(lane) ?? 0) + 1, 'a lane without a gap');
          placed.set(lane, seq);
          done.add(key);
          for (const { user, version } of all.find((one) => one.key === key)?.entries ?? []) {
            assert.equal(version, (versions.get(user) ?? 0) + 1, "after the user's entry before it");
            versions.set(user, version);
          }
        }
      }
      assert.equal(done.size, all.length, 'everything was visible, and nothing waits');
    }),
  );
});

test('of lanes that can go on, the one with the earlier time does', () => {
  const unit = (lane: number, seq: number, at: number): FreshUnit => ({
    lane,
    seq,
    at,
    entries: 1,
    after: [],
  });
  const units = [unit(1, 1, 5), unit(1, 2, 6), unit(2, 4, 3), unit(2, 5, 9)];
  const ordered = mergeLanes(units, new Map([[2, 3]]));
  assert.deepEqual(
    ordered.map(({ at }) => at),
    [3, 5, 6, 9],
  );
});
