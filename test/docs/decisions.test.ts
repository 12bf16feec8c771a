/*
 * Goal: the code cites every decision of docs/DECISIONS.md, and every citation names one that exists.
 * Method: the headings of the document are compared with the citations `docs/DECISIONS.md#heading` in the repository.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { ROOT } from './machine.ts';
import { headingAnchors } from './references.ts';

const FOLDERS = '{src,web/src,test,scripts,bench,deploy,docs}';
const CITATION = /docs\/DECISIONS\.md#([\p{L}\p{N}_-]+)/gu;

const decisions = headingAnchors(readFileSync(join(ROOT, 'docs/DECISIONS.md'), 'utf8'), 3);

function citations(): ReadonlyMap<string, string> {
  const cited = new Map<string, string>();
  for (const file of globSync([`${FOLDERS}/**/*`, 'biome.json', 'package.json'], {
    cwd: ROOT,
    withFileTypes: true,
  })) {
    if (!file.isFile() || file.name === 'DECISIONS.md') continue;
    const path = join(file.parentPath, file.name);
    for (const [, anchor = ''] of readFileSync(path, 'utf8').matchAll(CITATION)) cited.set(anchor, path);
  }
  return cited;
}

test('each citation of a decision names one that exists', () => {
  const unknown = [...citations()].filter(([anchor]) => anchor !== 'heading' && !decisions.includes(anchor));
  assert.deepEqual(unknown, []);
});

test('no two decisions have one heading', () => {
  assert.equal(new Set(decisions).size, decisions.length);
});

test('each decision is cited by the code that it explains', () => {
  const cited = citations();
  assert.deepEqual(
    decisions.filter((anchor) => !cited.has(anchor)),
    [],
  );
});
