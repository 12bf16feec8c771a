// Tests the logic of the operator's pages outside of a browser.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { SCOPES as SERVER_SCOPES } from '../../src/application/services/scopes.ts';
import { CONFIG_KEYS } from '../../src/config/keys.ts';
import type { Overview } from '../../web/src/api/operations.ts';
import { groupOf } from '../../web/src/operator/configuration/groups.ts';
import { found } from '../../web/src/operator/configuration/settings.ts';
import { shownMs, shownValue } from '../../web/src/operator/configuration/shown-value.ts';
import { filtersOf, withFilters } from '../../web/src/operator/filters/hash-filters.ts';
import { ENTRY_TYPES, toneOf, wordOf } from '../../web/src/operator/journal/entry-types.ts';
import { differenceOf } from '../../web/src/operator/lab/difference.ts';
import { percentiles, stacked, withSample } from '../../web/src/operator/overview/series.ts';
import { knownScopes, SCOPES, scopeWord } from '../../web/src/operator/services/scopes.ts';
import { operator as english } from '../../web/src/operator/texts.en.ts';
import { operator as spanish } from '../../web/src/operator/texts.es.ts';

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url));

test('active filters are in the address, others are not', () => {
  const hash = withFilters('#/operator/users', { search: 'a&b=c #ñ' });
  assert.deepEqual(filtersOf(hash), { search: 'a&b=c #ñ' });
  assert.equal(hash.split('?').length, 2);
  assert.equal(withFilters(hash, { search: '' }), '#/operator/users');
  assert.deepEqual(filtersOf(withFilters('#/x?status=refused&user=ana', { status: 'approved' })), {
    status: 'approved',
    user: 'ana',
  });
  assert.deepEqual(filtersOf('#/x'), {});
  assert.doesNotThrow(() => filtersOf('#/x?%E0%A4%A&=&__proto__=1'));
});

const MESSAGE = '{"data":"CuentaA,CuentaB,10.00","mac":"7739a7a1"}';

test('what was changed on the way is marked in both messages, and nothing else', () => {
  const { before, after } = differenceOf(MESSAGE, MESSAGE.replace('CuentaB', 'Mallory'));
  const changed = (stretches: typeof before) =>
    stretches.filter((each) => each.changed).map(({ text }) => text);
  assert.deepEqual(changed(before), ['CuentaB']);
  assert.deepEqual(changed(after), ['Mallory']);

  const without = differenceOf(MESSAGE, MESSAGE.replace(',"mac":"7739a7a1"', ''));
  assert.equal(changed(without.before).join(''), ',"mac":"7739a7a1"');
  assert.deepEqual(changed(without.after), []);
  assert.deepEqual(changed(differenceOf(MESSAGE, MESSAGE).before), []);
});

test('of any two messages nothing is lost, and what is not marked is the same in both', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', '1', ',', ' ', 'ñ', '"', '\n', '😀'),
    maxLength: 40,
  });
  fc.assert(
    fc.property(text, text, (one, other) => {
      const { before, after } = differenceOf(one, other);
      const all = (stretches: typeof before) => stretches.map((each) => each.text).join('');
      const same = (stretches: typeof before) => all(stretches.filter(({ changed }) => !changed));
      assert.equal(all(before), one);
      assert.equal(all(after), other);
      assert.equal(same(before), same(after));
    }),
    { numRuns: 300 },
  );
});

test('a message without end is not compared piece by piece', () => {
  const startedAt = performance.now();
  const { after } = differenceOf('a,'.repeat(200_000), 'b,'.repeat(200_000));
  assert.equal(after.length, 1);
  assert(performance.now() - startedAt < 5_000);
});

function minute(at: string, counts: Partial<Overview['minutes'][number]> = {}): Overview['minutes'][number] {
  return { at, approved: 0, refused: 0, requested: 0, log_ins: 0, other: 0, ...counts };
}

test('the bars of a minute are stacked from the total down', () => {
  const data = stacked([
    minute('2026-01-01T00:00:00.000Z', { approved: 5, refused: 2, requested: 1, log_ins: 3, other: 4 }),
    minute('2026-01-01T00:01:00.000Z'),
  ]);
  assert.deepEqual(data, [
    [1_767_225_600, 1_767_225_660],
    [15, 0],
    [7, 0],
    [5, 0],
  ]);
});

function overview(second: number, requests: number): Overview {
  const latency = { requests, p50: 1, p95: 2, p99: 3, max: 9 };
  return { at: new Date(1_000 * second).toISOString(), latency_ms: latency } as Overview;
}

test('a time without decisions is a gap in the latency, and old samples are forgotten', () => {
  let samples = withSample([], overview(1, 4));
  samples = withSample(samples, overview(2, 0));
  assert.deepEqual(percentiles(samples), [
    [1, 2],
    [1, null],
    [2, null],
    [3, null],
  ]);
  assert.equal(withSample(samples, overview(2, 0)), samples, 'the same event again adds nothing');
  for (let second = 3; second < 1_000; second++) samples = withSample(samples, overview(second, 1));
  assert(samples.length <= 300);
  assert.equal(samples.at(-1)?.at, 999_000);
});

test('a key of the configuration is found by any of its words', () => {
  const setting = (key: string, value: unknown, source = 'default') => ({
    ...{ key, value, source, secret: false, description: `About ${key}. Unit: ms` },
  });
  const settings = [
    setting('http_port', 8080, 'flag'),
    setting('lab_enabled', false),
    setting('store_url', null),
  ];
  const keys = (search: string, changed = false) => found(settings, search, changed).map(({ key }) => key);
  assert.deepEqual(keys('PORT 80'), ['http_port']);
  assert.deepEqual(keys('unit', true), ['http_port']);
  assert.deepEqual(keys('  '), ['http_port', 'lab_enabled', 'store_url']);
  assert.deepEqual(keys('.*'), []);
  assert.equal(shownValue('k', false), 'false');
  assert.equal(shownValue('k', ''), undefined);
  assert.equal(shownValue('k', ['a', 1]), 'a\n1');
  assert.equal(shownValue('k', []), '[]');
  assert.equal(
    shownValue('policy.velocity', { window_ms: 86_400_000, amount_max: '5.00' }),
    'window_ms: 1 d\namount_max: 5.00',
  );
  assert.equal(shownValue('tcp_port', 11_002), '11002');
  assert.equal(shownValue('messages.inbox_bytes_max', 67_108_864), '64 MiB');
});

test('each type of entry that the server writes has words', () => {
  const written = new Set<string>();
  for (const path of globSync('{application,domain}/**/*.ts', { cwd: SOURCE })) {
    const text = readFileSync(join(SOURCE, path), 'utf8');
    for (const [, type = ''] of text.matchAll(
      /'((?:admin|login|session|token|code|transaction|key|user)\.[a-z_]+)'/g,
    )) {
      written.add(type);
    }
  }
  assert(written.size > 20);
  const known: readonly string[] = ENTRY_TYPES;
  // Side rows have types in the same form; they end in these verbs.
  const entries = [...written].filter(
    (type) => !/\.(?:insert|update|rename|erase|delete(?:_all)?)$/.test(type),
  );
  assert.deepEqual(
    entries.filter((type) => !known.includes(type)),
    [],
  );
  for (const type of ENTRY_TYPES) {
    const word = wordOf(type);
    assert(word !== undefined && word in english.journal.types && word in spanish.journal.types, type);
  }
  assert.equal(wordOf('constructor'), undefined);
  assert.equal(toneOf('transaction.refused'), 'bad');
  assert.equal(toneOf('transaction.approved'), 'good');
  assert.equal(toneOf('transaction.requested'), 'plain');
});

test("the scopes that can be chosen are the server's, each with words", () => {
  assert.deepEqual([...SCOPES].sort(), [...SERVER_SCOPES].sort());
  for (const scope of SCOPES) assert(`${scopeWord(scope)}` in english.services.scope);
  assert.deepEqual(knownScopes(['users:read', 'of:tomorrow', 'codes:verify']), [
    'codes:verify',
    'users:read',
  ]);
  assert.equal(scopeWord('of:tomorrow'), undefined);
});

test('the two languages have the same gaps in the same texts', () => {
  const gaps = (texts: object, path = ''): readonly string[] =>
    Object.entries(texts).flatMap(([key, value]) =>
      typeof value === 'string'
        ? [`${path}${key} ${[...value.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()}`]
        : gaps(value, `${path}${key}.`),
    );
  assert.deepEqual(gaps(spanish), gaps(english));
});

test('durations are told exactly, in the largest units that fit', () => {
  for (const [ms, told] of [
    [0, '0 s'],
    [30_000, '30 s'],
    [7_200_000, '2 h'],
    [5_400_000, '1 h 30 min'],
    [90_061_001, '1 d 1 h 1 min 1 s 1 ms'],
  ] as const)
    assert.equal(shownMs(ms), told);
});

test('each key of the configuration stands in a group', () => {
  for (const { key } of CONFIG_KEYS) assert.notEqual(groupOf(key), 'other', key);
  assert.equal(groupOf('of_a_newer_server'), 'other');
});
