import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FairTurns } from '../../../src/wire/http/fair-turns.ts';

test('an address with a thousand requests delays the first of another one by a turn, no more', async () => {
  const turns = new FairTurns(4);
  const started: string[] = [];
  for (let request = 0; request < 1_000; request++) turns.start('greedy', () => started.push('greedy'));
  assert.equal(started.length, 4, 'the first ones start at once');
  for (const address of ['a', 'b']) turns.start(address, () => started.push(address));
  await turn();
  assert.deepEqual(started.slice(4), ['greedy', 'a', 'b', 'greedy']);
  turns.start('c', () => started.push('c'));
  await turn();
  assert.ok(started.slice(8, 10).includes('c'));
  while (started.length < 1_003) await turn();
  await turn();
  turns.start('d', () => started.push('d'));
  assert.equal(started.at(-1), 'd', 'with nobody waiting a request starts at once');
});
