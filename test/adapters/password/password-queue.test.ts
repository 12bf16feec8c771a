/*
 * Goal: passwords that wait are hashed in turn by prefix and address, known callers first, and few callers cannot fill the
 * queue.
 * Method: the queue alone, then random callers by fast-check.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PasswordQueue } from '../../../src/adapters/password/password-queue.ts';

class Waiters {
  readonly started: string[] = [];
  readonly refused: string[] = [];
  readonly queue: PasswordQueue;

  constructor(max: number) {
    this.queue = new PasswordQueue(max);
  }

  push(name: string, address: string, known = false): boolean {
    const waiting = { start: () => this.started.push(name), refuse: () => this.refused.push(name) };
    return this.queue.push(waiting, { address, known });
  }

  startAll(): readonly string[] {
    for (let next = this.queue.shift(); next; next = this.queue.shift()) next.start();
    return this.started;
  }
}

test('prefixes take turns, and in a prefix its addresses', () => {
  const waiters = new Waiters(100);
  for (let n = 0; n < 6; n++) waiters.push(`a${n}`, '192.0.2.1');
  for (let n = 0; n < 2; n++) waiters.push(`b${n}`, '192.0.2.2');
  waiters.push('c', '198.51.100.1');
  waiters.push('d', '2001:db8:1:2::/64');
  assert.deepEqual(waiters.startAll(), ['a0', 'c', 'd', 'b0', 'a1', 'b1', 'a2', 'a3', 'a4', 'a5']);
});

test('known callers go first, and one in four is a stranger nevertheless', () => {
  const waiters = new Waiters(100);
  for (let n = 0; n < 4; n++) waiters.push(`s${n}`, '192.0.2.1');
  for (let n = 0; n < 6; n++) waiters.push(`k${n}`, '198.51.100.1', true);
  assert.deepEqual(waiters.startAll().slice(0, 8), ['k0', 'k1', 'k2', 's0', 'k3', 'k4', 'k5', 's1']);
});

test('in a full queue the newest of the address with most gives way; one with as many does not', () => {
  const waiters = new Waiters(4);
  for (let n = 0; n < 4; n++) assert.ok(waiters.push(`a${n}`, '192.0.2.1'));
  assert.equal(waiters.push('a4', '192.0.2.1'), false);
  assert.ok(waiters.push('b0', '192.0.2.2'));
  assert.ok(waiters.push('c0', '198.51.100.1'));
  assert.deepEqual(waiters.refused, ['a3', 'a2']);
  assert.equal(waiters.push('b1', '192.0.2.2'), false);
  assert.ok(waiters.push('k', '192.0.2.1', true), 'known callers have places of their own');
  assert.equal(waiters.queue.length, 5);
});

test('whatever is asked for, each is started, refused or turned away, once, and an address waits for one turn of each prefix', () => {
  const asked = fc.array(fc.tuple(fc.nat(5), fc.nat(3), fc.boolean()), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 40 }), asked, (max, callers) => {
      const waiters = new Waiters(max);
      let away = 0;
      callers.forEach(([prefix, host, known], n) => {
        if (!waiters.push(`${n}`, `10.0.${prefix}.${host}`, known)) away++;
        assert.ok(waiters.queue.length <= 2 * max);
      });
      // Six prefixes hold at most 40 places, so another has fewer than the largest.
      assert.ok(waiters.push('honest', '192.0.2.1'));
      const started = waiters.startAll();
      const strangers = started
        .slice(0, started.indexOf('honest'))
        .filter((name) => !callers[Number(name)]?.[2]);
      assert.ok(strangers.length <= 6, `${strangers.length} strangers went before`);
      assert.equal(started.length + waiters.refused.length + away, callers.length + 1);
      assert.equal(new Set([...started, ...waiters.refused]).size, started.length + waiters.refused.length);
    }),
  );
});
