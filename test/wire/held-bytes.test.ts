import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeldBytes, type HeldBytesAccount } from '../../src/wire/held-bytes.ts';

test('beyond the bound the largest connection of the address that holds the most is cut off', () => {
  const held = new HeldBytes(100);
  const gone: string[] = [];
  const open = (address: string, name: string) => held.open(address, () => gone.push(name));
  const [honest, small, large] = [open('b', 'honest'), open('a', 'small'), open('a', 'large')];
  honest.set(40);
  small.set(25);
  large.set(30);
  assert.deepEqual([gone, held.total], [[], 95]);
  honest.set(46);
  assert.deepEqual([gone, held.total, held.cutOff], [['large'], 71, 1]);
  large.set(500);
  assert.equal(held.total, 71, 'a connection that was cut off holds nothing');
  small.setAddress('b');
  open('c', 'newcomer').set(35);
  assert.deepEqual(gone, ['large', 'honest'], 'the bytes moved with the connection');
});

test('whatever connections hold, the sum stays within the bound', () => {
  const step = fc.record({ connection: fc.nat(9), bytes: fc.nat(60), address: fc.option(fc.nat(3)) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const held = new HeldBytes(100);
      const bytes = new Map<number, number>();
      const accounts = new Map<number, HeldBytesAccount>();
      for (const { connection, bytes: now, address } of steps) {
        const account =
          accounts.get(connection) ??
          held.open(`${connection % 3}`, () => {
            accounts.delete(connection);
            bytes.delete(connection);
          });
        accounts.set(connection, account);
        if (address !== null) account.setAddress(`${address}`);
        bytes.set(connection, now);
        account.set(now);
        assert.ok(held.total <= 100);
        assert.equal(
          held.total,
          [...bytes.values()].reduce((sum, each) => sum + each, 0),
        );
      }
      for (const account of accounts.values()) account.close();
      assert.equal(held.total, 0);
    }),
  );
});
