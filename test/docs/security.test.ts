import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './machine.ts';
import { section, tableRows } from './markdown.ts';
import { testReferences } from './references.ts';

test('each threat has something that stops it, and a test that shows it', () => {
  const rows = tableRows(section(readFileSync(join(ROOT, 'docs/security.md'), 'utf8'), 'threats'));
  assert.ok(rows.length > 40);
  for (const [threat = '', stop = '', shown = ''] of rows) {
    assert.ok(threat !== '' && stop !== '', threat);
    const references = testReferences(shown);
    assert.ok(references.length > 0, threat);
    assert.equal(shown.split('; `').length, references.length, `${threat}: ${shown}`);
  }
});
