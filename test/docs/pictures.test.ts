import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './machine.ts';

const FOLDER = join(ROOT, 'docs/pictures');
const BYTES_MAX = 80_000;

/** Pictures that a README shows, each with words for who does not see it. */
function shownBy(readme: string): readonly string[] {
  const text = readFileSync(join(ROOT, readme), 'utf8');
  const tags = text.matchAll(
    /<img src="docs\/pictures\/([^"]+)" alt="[^"]+"|!\[[^\]]+\]\(docs\/pictures\/([^)]+)\)/g,
  );
  return [...tags].map(([, inTable, alone]) => inTable ?? alone ?? '');
}

test('the READMEs show four pictures each, described, small, and no picture lies about', () => {
  const [english, spanish] = ['README.md', 'README.es.md'].map(shownBy);
  assert.equal(english?.length, 4);
  assert.deepEqual(
    spanish,
    english.map((name) => name.replace(/\.webp$/, '.es.webp')),
  );
  const pictures = readdirSync(FOLDER);
  assert.deepEqual([...english, ...spanish].sort(), pictures.sort());
  for (const name of pictures) {
    const { size } = statSync(join(FOLDER, name));
    assert.ok(size > 5_000 && size <= BYTES_MAX, `${name}: ${size} bytes`);
  }
});
