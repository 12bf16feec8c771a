/*
 * Goal: when the database’s primary dies under load, customers recover by themselves and no acknowledged decision is
 * lost or made twice. Method: one fault of the drill (`npm run drill` has them all), on two real servers, a vault process
 * and two PostgreSQL nodes with pg_auto_failover; entries are counted in the journal of the node that took over.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS } from '../../scripts/drill/faults.ts';
import { runDrill } from '../../scripts/drill/run.ts';
import { Stage } from '../../scripts/drill/stage.ts';

test('the primary’s host is killed under load', async (t) => {
  const faults = FAULTS.filter(({ name }) => name === 'server-killed' || name === 'database-host-killed');
  const ordered = faults.toSorted((a, b) => b.name.localeCompare(a.name));
  const stage = await Stage.start(() => undefined);
  t.after(() => stage.remove());
  const results = await runDrill(stage, ordered, () => undefined, { leaveLastBroken: true });
  assert.equal(results.length, 2);
  for (const { fault, acknowledged, stuck, lost, doubled, pauseMs, repaired } of results) {
    t.diagnostic(`${fault}: pause ${Math.round(pauseMs)} ms, ${acknowledged} acknowledged`);
    assert.ok(acknowledged > 20, `${fault}: ${acknowledged} acknowledged`);
    const counts = { stuck, lost, doubled, repaired };
    assert.deepEqual(counts, { stuck: 0, lost: 0, doubled: 0, repaired: true }, fault);
  }
});
