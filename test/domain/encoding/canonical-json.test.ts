import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, jsonString } from '../../../src/domain/encoding/canonical-json.ts';
import { canonicalJson as rfc8785 } from './rfc8785.ts';

test('any JSON value is encoded as RFC 8785 asks', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      assert.equal(canonicalJson(value), rfc8785(value));
    }),
    { numRuns: 500 },
  );
});

test('names are sorted by UTF-16 code units, not by code points', () => {
  assert.equal(canonicalJson({ b: 1, a: 2, aa: [{ z: 1, y: 2 }] }), '{"a":2,"aa":[{"y":2,"z":1}],"b":1}');
  assert.equal(canonicalJson({ '\ufb33': 1, '\u{1f600}': 2 }), '{"\u{1f600}":2,"\ufb33":1}');
});

test('any text is encoded as JSON.stringify does', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => jsonString(text) === JSON.stringify(text)));
  for (const text of ['', '"', '\\', ' !#[]~', '\x7f', '\x1f', 'é']) {
    assert.equal(jsonString(text), JSON.stringify(text));
  }
});
