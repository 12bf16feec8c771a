import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientName } from '../../src/domain/client-name.ts';

test('a browser is named with its system, the most specific name first', () => {
  const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)';
  assert.equal(clientName(`${windows} Chrome/140.0 Safari/537.36 Edg/140.0`), 'Edge, Windows');
  assert.equal(clientName(`${windows} Chrome/140.0 Safari/537.36`), 'Chrome, Windows');
  assert.equal(clientName('Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Firefox/143.0'), 'Firefox, Linux');
  assert.equal(clientName('Mozilla/5.0 (iPhone; CPU like Mac OS X) Version/18 Safari/604'), 'Safari, iOS');
});

test('what says nothing known stands as it came', () => {
  for (const agent of ['curl/8.14.1', 'Mozilla/5.0 (compatible)', 'Mozilla/', '']) {
    assert.equal(clientName(agent), agent);
  }
  assert.equal(clientName('Mozilla/5.0 (Haiku) Firefox/143.0'), 'Firefox');
});
