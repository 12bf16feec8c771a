import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearest } from '../../src/config/nearest.ts';

test('edit distances of known pairs', () => {
  assert.equal(editDistance('', ''), 0);
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('tcp_prot', 'tcp_port'), 1);
});

test('an edit distance is 0 for equals alone, symmetric, and at most the longer length', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      assert.equal(distance === 0, a === b);
      assert.equal(distance, editDistance(b, a));
      assert(distance <= Math.max(a.length, b.length));
    }),
  );
});

test('the nearest name, or none when none is near', () => {
  assert.equal(nearest('serv', ['serve', 'server-side', 'user']), 'serve');
  assert.equal(nearest('zzzzzzzz', ['serve', 'user']), undefined);
  assert.equal(nearest('x'.repeat(65), ['x'.repeat(64)]), undefined);
});
