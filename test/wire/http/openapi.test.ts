/*
 * Goal: the OpenAPI document matches the routes, and its examples work.
 * Method: it is compared with the routes, and each example in it is sent.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import test from 'node:test';
import { promisify } from 'node:util';
import { decodeBase32 } from '../../../src/domain/encoding/base32.ts';
import type { RefusalCode } from '../../../src/domain/errors.ts';
import { ERRORS } from '../../../src/wire/errors.ts';
import type { Operation } from '../../../src/wire/http/openapi.ts';
import { ROUTES } from '../../../src/wire/http/routes.ts';
import { type Json, testHttp } from './http-fixture.ts';

test('the document is of the routes, refers to what it holds, and names each status', async (t) => {
  const fixture = await testHttp(t);
  const { json, headers, text } = await fixture.get('/openapi.json');
  assert.equal(json.openapi, '3.1.0');
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  const operations = Object.entries(json.paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual(operations.sort(), ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
  const ids = Object.values(json.paths).flatMap((methods) =>
    Object.values(methods as Record<string, Operation>).map(({ operationId }) => operationId),
  );
  assert.equal(new Set(ids).size, ids.length);
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    assert.ok(json.components.schemas[name], name);
  }
  assert.ok(!text.includes('"~'), 'nothing of the library is in it');
});

test('each example in it is sent, and each answer is one that it has', async (t) => {
  const fixture = await testHttp(t);
  const { json: api } = await fixture.get('/openapi.json');
  const admin = await fixture.withRole('root', 'admin');
  const key = await fixture.service('examples', 'transactions:write', 'transactions:read', 'codes:verify');
  // Registered by the first example; what the others need is put in their paths.
  let token: string | undefined;
  const ids: Record<string, string> = {
    id: 'unknown',
    transaction: 'unknown',
    name: 'shop',
    user: 'alice',
    number: '1',
    index: '0',
  };
  let sent = 0;
  for (const [path, methods] of Object.entries<Record<string, Json>>(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (path.endsWith('/events') || method === 'delete') continue;
      const security = operation.security.flatMap((scheme: object) => Object.keys(scheme));
      const caller = /^\/v1\/(admin|lab)/.test(path)
        ? admin.token
        : security.includes('access_token')
          ? token
          : key;
      const filled = path.replace(/\{([a-z_]+)\}/g, (_, name: string) => ids[name] ?? '');
      const body = operation.requestBody?.content['application/json'].example;
      if (operation.requestBody) assert.notEqual(body, undefined, `${method} ${path} has an example`);
      // Checks the answer against the document as well.
      const needed = operation.parameters.filter((p: Json) => p.in === 'query' && p.required);
      const query = needed.map(({ name }: Json) => `${name}=alice`).join('&');
      const answer = await fixture.request(method.toUpperCase(), query ? `${filled}?${query}` : filled, {
        ...(body === undefined ? {} : { body }),
        ...(caller === undefined || security.length === 0 ? {} : { token: caller }),
      });
      sent++;
      assert.ok(operation.responses[answer.status], `${method} ${path} → ${answer.status}`);
      assert.notEqual(answer.json?.code, 'message_invalid', `${method} ${path}: ${answer.text}`);
      if (path === '/v1/sessions' && method === 'post') token = answer.json.access_token;
      if (path === '/v1/transactions' && method === 'post') ids.id = answer.json.id;
      if (path === '/v1/tokens' && method === 'post') assert.ok(decodeBase32(answer.json.secret));
    }
  }
  assert.ok(sent >= 30, `${sent} sent`);
});

test('the pages are whole without their script, which is a file of the server, and fetch nothing from elsewhere', async (t) => {
  const fixture = await testHttp(t);
  for (const path of ['/docs', '/docs/problems']) {
    const { status, headers, text } = await fixture.get(path);
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^text\/html/);
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.ok(!policy.includes('unsafe'));
    assert.deepEqual(text.match(/<script[^>]*>/g), ['<script src="/docs/search.js" defer>']);
    assert.ok(!/<style| style=| on[a-z]+=|(?:href|src)="https?:|url\(/.test(text), path);
    for (const [, href = ''] of text.matchAll(/(?:href|src)="([^"#]+)"/g)) {
      assert.equal((await fixture.get(href)).status, 200, href);
    }
    for (const [, anchor = ''] of text.matchAll(/href="#([^"]+)"/g)) {
      assert.ok(text.includes(`id="${anchor}"`), `${path}#${anchor}`);
    }
  }
  const { text } = await fixture.get('/docs/problems');
  for (const code of Object.keys(ERRORS) as RefusalCode[]) assert.ok(text.includes(`id="${code}"`), code);
});

test('each call has its curl, which a shell reads, with all that it needs', async (t) => {
  const fixture = await testHttp(t);
  const { text } = await fixture.get('/docs');
  const listings = [...text.slice(text.indexOf('<article')).matchAll(/<pre[^>]*>(curl [^<]*)<\/pre>/g)].map(
    ([, html = '']) =>
      html.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
  );
  for (const { method, path, body } of ROUTES) {
    const address = `$base${path.replace(/\{(\w+)\}/g, '$$$1')}`;
    const curl = listings.find(
      (each) =>
        (method === 'GET' ? !each.includes(' -X ') : each.includes(` -X ${method} `)) &&
        (each.includes(`"${address}"`) || each.includes(`"${address}?`)),
    );
    assert.ok(curl, `${method} ${path}`);
    assert.equal(curl.includes(' -d '), body !== undefined, curl);
  }
  const read = spawnSync('bash', ['-n'], { input: listings.join('\n') });
  assert.equal(read.status, 0, String(read.stderr));

  // As a shell runs it.
  const alice = await fixture.user('alice');
  const [list] = listings.filter((each) => each.includes('"$base/v1/tokens"') && !each.includes(' -X '));
  const { stdout } = await promisify(execFile)('bash', ['-c', list ?? ''], {
    env: { ...process.env, base: fixture.base, token: alice.token },
  });
  assert.deepEqual(JSON.parse(stdout).tokens, []);
});

test('every answer carries the security headers, and problems the language asked for', async (t) => {
  const fixture = await testHttp(t);
  for (const path of ['/healthz', '/v1/nothing', '/openapi.json', '/v1/tokens']) {
    const { headers } = await fixture.get(path);
    for (const name of [
      'content-security-policy',
      'x-content-type-options',
      'referrer-policy',
      'x-frame-options',
    ]) {
      assert.ok(headers.get(name), `${path}: ${name}`);
    }
    assert.equal(headers.get('server'), null);
    assert.equal(headers.get('x-powered-by'), null);
  }
  const spanish = await fixture.get('/v1/nothing', undefined, { 'accept-language': 'es-ES,en;q=0.5' });
  assert.deepEqual([spanish.json.title, spanish.headers.get('content-language')], ['Aquí no hay nada', 'es']);
  const english = await fixture.get('/v1/nothing', undefined, { 'accept-language': 'fr' });
  assert.equal(english.json.title, 'There is nothing here');
});

test('a receipt is documented in both of its types', async (t) => {
  const fixture = await testHttp(t);
  const { paths } = (await fixture.get('/openapi.json')).json;
  const { content } = paths['/v1/receipts/{transaction}'].get.responses['200'];
  assert.deepEqual(Object.keys(content).sort(), ['application/jose', 'application/json']);
});
