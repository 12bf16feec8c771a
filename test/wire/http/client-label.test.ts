import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../../src/limits.ts';
import { clientLabel } from '../../../src/wire/http/client-label.ts';

const AGENTS: Readonly<Record<string, string>> = {
  'Chrome, Linux':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'Chrome, Android':
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
  'Edge, Windows':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
  'Firefox, macOS': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:142.0) Gecko/20100101 Firefox/142.0',
  'Safari, iOS':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'curl/8.14.1': 'curl/8.14.1',
};

for (const [label, agent] of Object.entries(AGENTS)) {
  test(`a session of ${label} is named so`, () => assert.equal(clientLabel(agent), label));
}

test('what no browser says stands as it came, visible and within its bound', () => {
  assert.equal(clientLabel(undefined), '');
  assert.equal(clientLabel('Mozilla/5.0'), 'Mozilla/5.0');
  assert.equal(clientLabel('shop\u0007\u202e 1\u00e9'), 'shop 1');
  assert.equal(clientLabel('x'.repeat(10_000)), 'x'.repeat(LIMITS.labelBytesMax));
  assert.equal(clientLabel(`${' '.repeat(600)}Mozilla/5.0 Chrome/1`).length, LIMITS.labelBytesMax);
});
