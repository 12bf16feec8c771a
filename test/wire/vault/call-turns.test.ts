/*
 * Goal: calls of the vault begin in turn by caller, and no more are under way than the bound allows.
 * Method: the turns alone, with random callers by fast-check.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CallTurn, CallTurns } from '../../../src/wire/vault/call-turns.ts';

test('calls begin at once while there is room, then round robin by caller', () => {
  const turns = new CallTurns(2);
  const begun: string[] = [];
  const first = turns.take();
  first?.weigh(2);
  assert.ok(first && !turns.take());
  for (const name of ['a1', 'a2', 'a3', 'b1', 'c1']) {
    turns.wait(name.slice(0, 1), (turn) => {
      begun.push(name);
      turn.weigh(2);
      queueMicrotask(() => turn.end());
    });
  }
  turns.wait('d', () => begun.push('d1'))();
  assert.equal(turns.take(), undefined, 'nobody overtakes those who wait');
  first.end();
  return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    assert.deepEqual(begun, ['a1', 'b1', 'c1', 'a2', 'a3']);
    assert.ok(turns.take());
  });
});

test('whatever others ask for, a newcomer’s call begins after one of each caller, and items under way are bounded', () => {
  const itemsMax = 16;
  const itemsOfCallMax = 8;
  const calls = fc.array(
    fc.record({
      caller: fc.nat(5),
      items: fc.nat(itemsOfCallMax),
      leaves: fc.boolean(),
      ends: fc.nat(2),
    }),
    { maxLength: 100 },
  );
  fc.assert(
    fc.property(calls, (all) => {
      const turns = new CallTurns(itemsMax);
      const begun: string[] = [];
      const underWay: { readonly turn: CallTurn; readonly items: number }[] = [];
      const begin = (caller: string, items: number) => (turn: CallTurn) => {
        const before = underWay.reduce((sum, each) => sum + Math.max(1, each.items), 0);
        assert.ok(before < itemsMax, `${before} items were under way`);
        begun.push(caller);
        turn.weigh(items);
        underWay.push({ turn, items });
      };
      const ask = (caller: string, items: number) => {
        const turn = turns.take();
        if (!turn) return turns.wait(caller, begin(caller, items));
        begin(caller, items)(turn);
        return undefined;
      };
      let asked = 0;
      for (const { caller, items, leaves, ends } of all) {
        const leave = ask(`${caller}`, items);
        if (leaves && leave) leave();
        else asked++;
        for (let n = 0; n < ends; n++) underWay.shift()?.turn.end();
      }
      const from = begun.length;
      ask('newcomer', 1);
      while (underWay.length > 0) underWay.shift()?.turn.end();
      assert.equal(begun.length, asked + 1);
      const before = begun.slice(from, begun.indexOf('newcomer'));
      assert.equal(new Set(before).size, before.length, `${before} began before`);
    }),
  );
});
