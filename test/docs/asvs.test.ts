/*
 * Goal: docs/asvs.md has every requirement of OWASP ASVS 5.0, levels 1 and 2, of its chapters, and hides nothing open.
 * Method: its rows are compared with the standard's numbers. That the tests it names exist: references.test.ts.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './machine.ts';
import { testReferences } from './references.ts';

/** How many requirements of levels 1 and 2 each section has; their numbers run from 1. */
const SECTIONS: Readonly<Record<string, number>> = {
  ...{ 'V6.1': 3, 'V6.2': 12, 'V6.3': 4, 'V6.4': 4, 'V6.5': 5, 'V6.6': 3, 'V6.8': 4 },
  ...{ 'V7.1': 3, 'V7.2': 4, 'V7.3': 2, 'V7.4': 5, 'V7.5': 2, 'V7.6': 2 },
  ...{ 'V8.1': 2, 'V8.2': 3, 'V8.3': 1, 'V8.4': 1 },
  ...{ 'V9.1': 3, 'V9.2': 4 },
  ...{ 'V12.1': 3, 'V12.2': 2, 'V12.3': 4 },
  ...{ 'V13.1': 1, 'V13.2': 5, 'V13.3': 2, 'V13.4': 5 },
};
const NUMBERS = Object.entries(SECTIONS).flatMap(([section, count]) =>
  Array.from({ length: count }, (_, index) => `${section}.${index + 1}`),
);

const page = readFileSync(join(ROOT, 'docs/asvs.md'), 'utf8');
const rows = Array.from(
  page.matchAll(/^\| (V[\d.]+) \| ([^|]+) \| ([^|]*) \| ([^|]*) \|([^\n]*)\|$/gm),
  ([, number = '', asks = '', state = '', how = '', tests = '']) => ({ number, asks, state, how, tests }),
);

test('every requirement has its row, once and in order', () => {
  assert.deepEqual(
    rows.map(({ number }) => number),
    NUMBERS,
  );
});

test('each row says whether and how it is met', () => {
  for (const { number, asks, state, how } of rows) {
    assert.ok(['met', 'partly', 'open', 'n/a'].includes(state), `${number}: ${state}`);
    assert.ok(asks.trim() !== '' && how.trim() !== '', number);
  }
});

test('what is not met stands under Open, and nothing else does', () => {
  const open = page.slice(page.indexOf('\n## Open\n'));
  const listed = new Set<string>();
  for (const [, from = '', to] of open.matchAll(/(V\d+\.\d+\.\d+)(?: to (V\d+\.\d+\.\d+))?/g)) {
    const [first, last] = [NUMBERS.indexOf(from), NUMBERS.indexOf(to ?? from)];
    for (const number of NUMBERS.slice(first, last + 1)) listed.add(number);
  }
  const unmet = rows
    .filter(({ state }) => state === 'open' || state === 'partly')
    .map(({ number }) => number);
  assert.deepEqual([...listed].sort(), unmet.toSorted());
});

test('nearly every requirement that is met names a test', () => {
  const without = rows.filter(({ state, tests }) => state === 'met' && testReferences(tests).length === 0);
  // What is absent by design has nothing to test.
  assert.deepEqual(
    without.map(({ number }) => number),
    ['V6.2.7', 'V6.2.10', 'V6.4.2', 'V6.5.3'],
  );
});
