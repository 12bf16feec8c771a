import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { webApiTypes } from '../../scripts/web-api-types.ts';

test("the pages' types of the API are those of the server's schemas", () => {
  const written = readFileSync(new URL('../../web/src/api/operations.ts', import.meta.url), 'utf8');
  assert.ok(written === webApiTypes(), 'run: node_modules/.bin/node scripts/web-api-types.ts');
});
