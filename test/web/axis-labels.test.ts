import assert from 'node:assert/strict';
import test from 'node:test';
import { numberLabels, timeLabels } from '../../web/src/operator/overview/axis-labels.ts';

test('no two labels of an axis are the same, whatever its step', () => {
  for (const step of [0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1, 2, 2.5, 20, 1_000]) {
    const values = Array.from({ length: 12 }, (_, index) => index * step);
    const labels = numberLabels(values, step, 'es');
    assert.equal(new Set(labels).size, labels.length, `${step}: ${labels.join(' ')}`);
  }
  for (const step of [1, 5, 10, 30, 60, 300]) {
    const times = Array.from({ length: 12 }, (_, index) => 1_767_225_600 + index * step);
    const labels = timeLabels(times, step, 'en');
    assert.equal(new Set(labels).size, labels.length, `${step}: ${labels.join(' ')}`);
  }
  assert.deepEqual(numberLabels([0, 5, 10], 5, 'en'), ['0', '5', '10']);
});
