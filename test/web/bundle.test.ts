// Checks what a browser loads first of each built page: its size, its origin, and that it holds nothing that the
// Content-Security-Policy would block.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const DIST = fileURLToPath(new URL('../../web/dist', import.meta.url));
/** Compressed by gzip, the larger of the two encodings that the server has ready. Unit: kB of 1,000 bytes */
const FIRST_LOAD_KB_MAX = { 'index.html': 200, 'token/index.html': 200, 'console/index.html': 350 };

function pageOf(name: string): string {
  assert(existsSync(join(DIST, name)), `web/dist/${name} is missing. Run: node scripts/setup.mjs`);
  return readFileSync(join(DIST, name), 'utf8');
}

for (const [name, kbMax] of Object.entries(FIRST_LOAD_KB_MAX)) {
  test(`${name}: the first load is at most ${kbMax} kB, of this origin alone, without inline script or style`, (t) => {
    const html = pageOf(name);
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
    assert(addresses.length > 3);
    let bytes = gzipSync(html).length;
    for (const address of addresses) {
      assert.match(address, /^\/[^/]/, 'another origin');
      bytes += gzipSync(readFileSync(join(DIST, address))).length;
    }
    t.diagnostic(`${(bytes / 1000).toFixed(1)} kB`);
    assert(bytes <= kbMax * 1000, `${bytes} bytes`);
    assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=/i);
  });
}

test('no script of the pages makes code of text, and no style loads from elsewhere', () => {
  for (const path of globSync('assets/*.{js,css}', { cwd: DIST })) {
    const text = readFileSync(join(DIST, path), 'utf8');
    assert.doesNotMatch(text, /\bnew Function\(|\beval\(/, path);
    if (path.endsWith('.css')) assert.doesNotMatch(text, /url\(\s*["']?(?:https?:|\/\/|data:)|@import/, path);
  }
});

test('compressed and plain files have the same content', () => {
  const compressed = globSync('**/*.br', { cwd: DIST });
  assert(compressed.length > 5);
  for (const path of compressed) assert(existsSync(join(DIST, path.slice(0, -3))), path);
});
