/*
 * Goal: the built pages are served with their headers, compressed as the client accepts; no other file is served.
 * Method: the real HTTP server on the test's own folders.
 */
import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { acceptedEncodings } from '../../../src/wire/http/accepted-encodings.ts';
import { temporaryFolder } from '../../services/application.ts';
import { until } from '../../waiting.ts';
import { testHttp } from './http-fixture.ts';

const SCRIPT = `export const text = '${'sello '.repeat(200)}';\n`;

async function built(folder: string): Promise<void> {
  const files: Record<string, string> = {
    'index.html': '<!doctype html><title>Sello</title>',
    'console/index.html': '<!doctype html><title>Console</title>',
    'token/index.html': '<!doctype html><title>Token</title>',
    'token/manifest.webmanifest': '{}',
    'assets/console-a1b2.js': SCRIPT,
    'service-worker.js': 'self.addEventListener("fetch", () => {});',
    'secret.key': 'not for browsers',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

/** As Node sends it: what fetch would put right in the path, or decompress, is left as it is. */
function raw(base: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; bytes: Buffer }>(
    (resolve, reject) => {
      const { hostname, port } = new URL(base);
      request({ hostname, port, path, headers, method }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes: Buffer.concat(chunks),
          }),
        );
      })
        .on('error', reject)
        .end();
    },
  );
}

test('the pages come with a policy that runs nothing from elsewhere and nothing inline', async (t) => {
  const webFolder = await temporaryFolder(t);
  await built(webFolder);
  const fixture = await testHttp(t, { webFolder });
  for (const [path, title] of [
    ['/', 'Sello'],
    ['/console', 'Console'],
    ['/console/transactions/1', 'Console'],
    ['/token', 'Token'],
    ['/token?source=pwa', 'Token'],
  ] as const) {
    const { status, headers, text } = await fixture.get(path);
    assert.equal(status, 200, path);
    assert.match(text, new RegExp(`<title>${title}</title>`), path);
    const policy = headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'none'",
      "script-src 'self';",
      "style-src 'self';",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "require-trusted-types-for 'script'",
    ]) {
      assert.ok(policy.includes(part), `${path}: ${part}`);
    }
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.match(
      headers.get('permissions-policy') ?? '',
      path.startsWith('/token') ? /camera=\(self\)/ : /camera=\(\)/,
    );
    const told = [
      'referrer-policy',
      'cross-origin-opener-policy',
      'cross-origin-resource-policy',
      'cache-control',
    ];
    assert.deepEqual(
      told.map((name) => headers.get(name)),
      ['no-referrer', 'same-origin', 'same-origin', 'no-cache'],
    );
  }
  const worker = await fixture.get('/service-worker.js');
  assert.match(worker.headers.get('content-type') ?? '', /^text\/javascript/);
  assert.match(worker.headers.get('content-security-policy') ?? '', /connect-src 'self'/);
  const manifest = await fixture.get('/token/manifest.webmanifest');
  assert.match(manifest.headers.get('content-type') ?? '', /^application\/manifest\+json/);
});

test('files are compressed as the client accepts, cacheable for ever when their name is a digest, and revalidated', async (t) => {
  const webFolder = await temporaryFolder(t);
  await built(webFolder);
  const { base } = await testHttp(t, { webFolder });
  const path = '/assets/console-a1b2.js';
  const plain = await raw(base, path);
  assert.equal(plain.bytes.toString(), SCRIPT);
  assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
  const br = await raw(base, path, { 'accept-encoding': 'gzip, deflate, br' });
  assert.deepEqual([br.headers['content-encoding'], br.headers.vary], ['br', 'Accept-Encoding']);
  assert.equal(brotliDecompressSync(br.bytes).toString(), SCRIPT);
  const gzip = await raw(base, path, { 'accept-encoding': 'br;q=0, gzip' });
  assert.equal(gunzipSync(gzip.bytes).toString(), SCRIPT);
  const etag = `${plain.headers.etag}`;
  const again = await raw(base, path, { 'if-none-match': `"other", W/${etag}` });
  assert.deepEqual([again.status, again.bytes.length], [304, 0]);
  const head = await raw(base, '/console', {}, 'HEAD');
  assert.deepEqual([head.status, head.bytes.length], [200, 0]);
});

test('files that are already compressed are served as they are', async (t) => {
  const webFolder = await temporaryFolder(t);
  await built(webFolder);
  await writeFile(join(webFolder, 'assets/console-a1b2.js.br'), 'as the build made it');
  const { base } = await testHttp(t, { webFolder });
  const { bytes } = await raw(base, '/assets/console-a1b2.js', { 'accept-encoding': 'br' });
  assert.equal(bytes.toString(), 'as the build made it');
});

test('no path leads out of the folder, and only the files that browsers need are served', async (t) => {
  const folder = await temporaryFolder(t);
  const webFolder = join(folder, 'dist');
  await built(webFolder);
  await writeFile(join(folder, 'outside.js'), 'outside');
  await symlink(join(folder, 'outside.js'), join(webFolder, 'assets/link.js'));
  const { base } = await testHttp(t, { webFolder });
  for (const path of [
    '/../outside.js',
    '/assets/../../outside.js',
    '/assets/%2e%2e/%2e%2e/outside.js',
    '/assets/..%2f..%2foutside.js',
    '//outside.js',
    '/assets/link.js',
    '/secret.key',
    '/assets/',
    '/assets',
    '/console/missing.js',
    '/consoles',
    '/index.html/',
  ]) {
    const { status, bytes } = await raw(base, path);
    assert.equal(status, 404, path);
    assert.doesNotMatch(bytes.toString(), /outside|browsers/, path);
  }
  assert.equal((await raw(base, '/console', {}, 'POST')).status, 404);
});

test('missing pages are reported, while the API works; pages built while the server runs are served', async (t) => {
  const webFolder = await temporaryFolder(t);
  const fixture = await testHttp(t, { webFolder });
  for (const path of ['/', '/console', '/token']) {
    const { status, text, headers } = await fixture.get(path);
    assert.equal(status, 503);
    assert.match(text, /npm run build:web/);
    assert.ok(headers.get('retry-after'));
  }
  assert.equal((await fixture.get('/assets/x.js')).json.code, 'resource_unknown');
  assert.equal((await fixture.get('/healthz')).status, 200);
  await built(webFolder);
  await until(async () => (await fixture.get('/')).status === 200);
});

test('of the encodings that a client takes, the best', () => {
  for (const [header, expected] of [
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['gzip', 'gzip'],
    ['GZIP;q=0.5, Br', 'br'],
    ['br;q=0, gzip;q=0.000', undefined],
    ['br;q=0.001', 'br'],
    ['brotli', undefined],
  ] as const) {
    assert.equal(acceptedEncodings(header), expected, `${header}`);
  }
});
