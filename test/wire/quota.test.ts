/*
 * Goal: shared places go to those who hold fewest, and the counts hold whatever is taken, proven, evicted and released.
 * Method: the quota alone; random callers by fast-check.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Claim, type Place, Quota } from '../../src/wire/quota.ts';

/** Holders and the places they hold now. */
class Callers {
  readonly held = new Map<string, Set<Place>>();
  readonly #quota: Quota;

  constructor(quota: Quota) {
    this.#quota = quota;
  }

  take(holder: string, claim: Partial<Claim> & { readonly busy?: () => boolean } = {}): Place | undefined {
    const { busy = () => false, ...more } = claim;
    let place: Place | undefined;
    const evict = () => {
      if (busy()) return false;
      this.#drop(holder, place);
      return true;
    };
    place = this.#quota.take({ holder, evict, ...more });
    if (place) this.held.set(holder, (this.held.get(holder) ?? new Set()).add(place));
    return place;
  }

  count(holder: string): number {
    return this.held.get(holder)?.size ?? 0;
  }

  release(holder: string): void {
    const [place] = this.held.get(holder) ?? [];
    place?.release();
    this.#drop(holder, place);
  }

  #drop(holder: string, place: Place | undefined): void {
    if (place) this.held.get(holder)?.delete(place);
  }
}

test('one holder alone takes half of a quiet server, and no more', () => {
  const quota = new Quota(4_096);
  const callers = new Callers(quota);
  for (let n = 0; n < 10_000; n++) callers.take('a');
  assert.equal(callers.count('a'), 2_048);
  const bounded = new Callers(new Quota(4_096));
  for (let n = 0; n < 10_000; n++) bounded.take('a', { holderMax: 100 });
  assert.equal(bounded.count('a'), 100);
});

test('whatever any number of callers do, a holder of none gets a place while fewer others hold one than there are places', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(30), fc.boolean()), { maxLength: 300 }),
      (max, newestFirst, acts) => {
        const quota = new Quota(max, { newestFirst });
        const callers = new Callers(quota);
        for (const [who, takes] of acts) {
          if (takes) callers.take(`h${who}`);
          else callers.release(`h${who}`);
        }
        const holding = [...callers.held.values()].filter(({ size }) => size > 0).length;
        assert.equal(
          quota.taken,
          [...callers.held.values()].reduce((sum, { size }) => sum + size, 0),
        );
        assert.ok(quota.taken <= max);
        if (holding < max || newestFirst)
          assert.ok(callers.take('new'), `${holding} hold ${quota.taken} of ${max}`);
        else assert.equal(callers.take('new'), undefined);
      },
    ),
  );
});

test('holders who never stop asking end up with equal parts, to within one place', () => {
  const quota = new Quota(100);
  const callers = new Callers(quota);
  for (let n = 0; n < 200; n++) callers.take('first');
  for (let round = 0; round < 200; round++) for (let who = 0; who < 24; who++) callers.take(`h${who}`);
  const counts = [
    callers.count('first'),
    ...Array.from({ length: 24 }, (_, who) => callers.count(`h${who}`)),
  ];
  assert.ok(Math.min(...counts) >= 3 && Math.max(...counts) <= 8, counts.join());
});

test('the oldest place goes first, those without a credential before the others, those in use not at all', () => {
  const quota = new Quota(8);
  const order: string[] = [];
  const take = (name: string, busy = false) =>
    quota.take({ holder: 'a', evict: () => !busy && order.push(name) > 0 });
  take('proven')?.prove();
  take('busy', true);
  for (const name of ['first', 'second', 'third', 'fourth', 'fifth', 'sixth']) take(name);
  for (const holder of ['b', 'c', 'd', 'e']) assert.ok(quota.take({ holder }));
  assert.deepEqual(order, ['first', 'second', 'third', 'fourth']);
  const other = new Quota(2);
  const gone: string[] = [];
  other.take({ holder: 'a', evict: () => gone.push('proven') > 0 })?.prove();
  other.take({ holder: 'a', evict: () => gone.push('unproven') > 0 });
  assert.ok(other.take({ holder: 'b' }));
  assert.deepEqual(gone, ['unproven']);
});

test('places that nobody gives up are refused to the next holder, and come back once', () => {
  const quota = new Quota(4);
  const places = ['a', 'a', 'a', 'b'].map((holder) => quota.take({ holder, evict: () => false }));
  assert.equal(quota.take({ holder: 'c' }), undefined);
  assert.equal(quota.evicted, 0);
  for (const place of places) {
    place?.release();
    place?.release();
  }
  assert.equal(quota.taken, 0);
  assert.equal(quota.heldBy('a'), 0);
});

test('an account has its own bound, whatever its addresses; a proxy has no share', () => {
  const quota = new Quota(100);
  const account = { name: 'user/1', max: 2 };
  const own = ['a', 'b', 'c'].map((holder) => quota.take({ holder, account }));
  assert.deepEqual(own.map(Boolean), [true, true, false]);
  own[0]?.release();
  assert.ok(quota.take({ holder: 'c', account }));
  for (let n = 0; n < 98; n++) assert.ok(quota.take({ holder: 'proxy', unshared: true }));
  assert.equal(quota.take({ holder: 'proxy', unshared: true }), undefined);
});

test('a claim costs no more with ten thousand holders than with a few', () => {
  const quota = new Quota(10_000, { newestFirst: true });
  for (let n = 0; n < 10_000; n++) quota.take({ holder: `h${n}`, evict: () => true });
  const startedAt = performance.now();
  for (let n = 0; n < 10_000; n++) assert.ok(quota.take({ holder: `n${n}`, evict: () => true }));
  const perClaimMs = (performance.now() - startedAt) / 10_000;
  assert.equal(quota.taken, 10_000);
  assert.ok(perClaimMs < 0.5, `${perClaimMs} ms`);
});
