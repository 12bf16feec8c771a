import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalConstantTime } from '../../src/domain/constant-time.ts';

test('two texts are equal when their lengths and all their characters are', () => {
  assert.equal(equalConstantTime('', ''), true);
  assert.equal(equalConstantTime('abc', 'abc'), true);
  for (const [a, b] of [
    ['abc', 'abd'],
    ['abc', 'bbc'],
    ['abc', 'ab'],
    ['abc', 'abcd'],
    ['a\0', 'a'],
    ['a', 'a\0'],
  ] as const) {
    assert.equal(equalConstantTime(a, b), false, JSON.stringify([a, b]));
  }
});
