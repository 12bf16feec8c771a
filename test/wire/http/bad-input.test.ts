/*
 * Goal: invalid bytes over HTTP are refused with their error code, and nothing after them is executed.
 * Method: bodies, queries and raw bytes, among them the known forms of request smuggling.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test, { describe } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type HttpFixture, testHttp } from './http-fixture.ts';

/** Only an exchange that goes wrong takes so long. */
const EXCHANGE_TIME_MS = 20_000;
const BODY = '{"username":"zoe","password":"secreto"}';

/** Sends bytes as they are; all that comes back until the server closes, or until there are so many answers. */
function exchange(
  fixture: HttpFixture,
  bytes: string | readonly string[],
  answersMax = Number.POSITIVE_INFINITY,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(fixture.server.address().port, '127.0.0.1');
    let text = '';
    const timer = setTimeout(() => socket.destroy(), EXCHANGE_TIME_MS);
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if (statuses(text).length >= answersMax) socket.end();
    });
    socket.once('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
    socket.once('connect', async () => {
      for (const part of [bytes].flat()) {
        socket.write(part);
        await delay(20);
      }
    });
    socket.once('timeout', reject);
  });
}

const statuses = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

describe('bodies', () => {
  test('a body that is not JSON or not of the schema is refused with its code, and nothing breaks', async (t) => {
    const fixture = await testHttp(t);
    const cases: [string | Uint8Array<ArrayBuffer>, string, RegExp?][] = [
      ['', 'message_invalid', /username/],
      ['{}', 'message_invalid', /username/],
      ['null', 'message_invalid'],
      ['[]', 'message_invalid'],
      ['"x"', 'message_invalid'],
      ['1', 'message_invalid'],
      ['{', 'json_invalid'],
      [`${BODY}x`, 'json_invalid'],
      ["{'username':'a'}", 'json_invalid'],
      ['{"username":"a","username":"b","password":"secreto"}', 'json_invalid', /twice/],
      ['{"username":"a","\\u0075sername":"b","password":"secreto"}', 'json_invalid', /twice/],
      ['{"username":"\\ud800","password":"secreto"}', 'json_invalid', /surrogate/],
      [Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'json_invalid', /UTF-8/],
      [`\ufeff${BODY}`, 'json_invalid'],
      ['{"username":"zoe","password":"secreto","__proto__":{"role":"admin"}}', 'message_invalid'],
      ['{"username":"zoe","password":"secreto","constructor":{"prototype":{}}}', 'message_invalid'],
      ['{"username":"zoe","password":"secreto","role":"admin"}', 'message_invalid', /known/],
      ['{"username":1,"password":"secreto"}', 'message_invalid', /username/],
      ['{"username":["zoe"],"password":"secreto"}', 'message_invalid', /username/],
      ['{"username":"zoe","password":1e999}', 'message_invalid', /password/],
      [`{"username":"${'x'.repeat(129)}","password":"secreto"}`, 'message_invalid', /username/],
      [`${'['.repeat(100)}${']'.repeat(100)}`, 'json_invalid', /levels/],
      ['{"refused":"unavailable"}', 'message_invalid'],
      [`{"username":"zoe","password":"${'x'.repeat(20_000)}"}`, 'line_too_long'],
    ];
    for (const [raw, code, detail = /./] of cases) {
      const answer = await fixture.request('POST', '/v1/users', { raw });
      const what = typeof raw === 'string' ? raw.slice(0, 80) : `${raw}`;
      assert.equal(answer.json?.code, code, `${what} → ${answer.text}`);
      assert.match(answer.json.detail, detail, what);
    }
    assert.equal((await fixture.application.store.findUser('zoe')) ?? undefined, undefined);
    assert.equal(({} as { role?: string }).role, undefined);
    assert.equal((await fixture.request('POST', '/v1/users', { raw: BODY })).status, 201);
  });

  test('other types than JSON, and encodings, are refused', async (t) => {
    const fixture = await testHttp(t);
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'multipart/form-data; boundary=x' },
      { 'content-type': 'application/jsonx' },
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    ]) {
      const answer = await fixture.request('POST', '/v1/users', { raw: BODY, headers });
      assert.deepEqual(
        [answer.status, answer.json.code],
        [415, 'content_type_unsupported'],
        JSON.stringify(headers),
      );
    }
    const utf8 = { 'content-type': 'application/json; charset=utf-8' };
    assert.equal((await fixture.request('POST', '/v1/users', { raw: BODY, headers: utf8 })).status, 201);
  });

  test('invalid queries and paths are refused with their error code', async (t) => {
    const fixture = await testHttp(t);
    const alice = await fixture.user('alice');
    for (const query of [
      'limit=0',
      'limit=201',
      'limit=1.5',
      'limit=1e2',
      'limit=',
      'limit=-1',
      'limit=01',
      'status=paid',
      'x=1',
      'limit=1&limit=2',
      '__proto__=1',
      'cursor=',
    ]) {
      const answer = await alice.get(`/v1/transactions?${query}`);
      assert.deepEqual([answer.status, answer.json.code], [400, 'message_invalid'], query);
    }
    for (const [path, code] of [
      ['/v1/transactions/%zz', 'message_invalid'],
      [`/v1/transactions/${'a'.repeat(65)}`, 'message_invalid'],
      [`/v1/transactions/${'a'.repeat(2_000)}`, 'message_invalid'],
      ['/v1/transactions/..%2f..%2fetc', 'transaction_unknown'],
      ['/v1/transactions/%00', 'transaction_unknown'],
      ['/v1/transactions/x?wait_s=61', 'message_invalid'],
      ['/V1/transactions', 'resource_unknown'],
      ['/v1/transactions/', 'message_invalid'],
      ['//v1/transactions', 'resource_unknown'],
    ] as const) {
      assert.equal((await alice.get(path)).json.code, code, path);
    }
  });
});

describe('bytes that are not a request', () => {
  test('are answered, and the connection closes', async (t) => {
    const fixture = await testHttp(t);
    const length = `Content-Length: ${BODY.length}`;
    const post = 'POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    const smuggled = 'GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
    const cases: Record<string, string> = {
      rubbish: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
      'no version': 'GET /healthz\r\n\r\n',
      'an unknown method': 'FETCH /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
      'no host': 'GET /healthz HTTP/1.1\r\n\r\n',
      'two hosts': `GET /healthz HTTP/1.1\r\nHost: x\r\nhOST: y\r\n\r\n${smuggled}`,
      'both lengths (CL.TE)': `${post}${length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      'two lengths': `${post}${length}\r\nContent-Length: 0\r\n\r\n${BODY}${smuggled}`,
      'a signed length': `${post}Content-Length: +${BODY.length}\r\n\r\n${BODY}${smuggled}`,
      'a length in hex': `${post}Content-Length: 0x27\r\n\r\n${BODY}${smuggled}`,
      'chunked twice (TE.TE)': `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n${smuggled}`,
      'a blank before the colon': `${post}Content-Length : ${BODY.length}\r\n\r\n${BODY}${smuggled}`,
      'a folded field': `GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n`,
      'a bare line feed': 'GET /healthz HTTP/1.1\nHost: x\n\n',
      'a NUL in a field': 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: \0\r\n\r\n',
      'a chunk that is no number': `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n${smuggled}`,
    };
    for (const [what, bytes] of Object.entries(cases)) {
      const answer = await exchange(fixture, bytes);
      assert.deepEqual(
        statuses(answer).filter((status) => status < 400),
        [],
        `${what}: ${answer}`,
      );
      assert.ok(
        statuses(answer).length <= 1,
        `${what}: one answer, nothing after it is taken for a request\n${answer}`,
      );
      assert.ok(!answer.includes('smuggled'), what);
    }
    const huge = await exchange(
      fixture,
      `GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`,
    );
    assert.deepEqual(statuses(huge), [431]);
    assert.match(huge, /headers_too_long/);
    assert.equal((await fixture.get('/healthz')).status, 200);
  });

  test('pipelined requests are answered in order', async (t) => {
    const fixture = await testHttp(t);
    const one = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const answer = await exchange(fixture, one('/healthz') + one('/nothing') + one('/healthz'), 3);
    assert.deepEqual(statuses(answer), [200, 404, 200]);
  });

  test('slow headers and slow bodies are ended', async (t) => {
    const fixture = await testHttp(t, { limits: { headersTimeMs: 200, requestTimeMs: 400 } });
    const header = await exchange(fixture, 'GET /healthz HTTP/1.1\r\nHost:');
    assert.deepEqual(statuses(header), [408], header);
    const startedAt = performance.now();
    const post = `POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`;
    const body = await exchange(fixture, [post, ...'{"username"']);
    assert.deepEqual(statuses(body), [408], body);
    assert.ok(performance.now() - startedAt < EXCHANGE_TIME_MS / 2);
  });

  test('a body longer than the bound is not read to its end', async (t) => {
    const fixture = await testHttp(t);
    const post = `POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n`;
    const answer = await exchange(fixture, [post, 'x'.repeat(1_000)]);
    assert.deepEqual(statuses(answer), [413]);
    assert.match(answer, /connection: close/i);
  });
});

test('HEAD answers for public routes only, and a request without a Host field is refused with the reason', async (t) => {
  const fixture = await testHttp(t);
  const [header = '', content] = (
    await exchange(fixture, 'HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  ).split('\r\n\r\n');
  assert.match(header, /^HTTP\/1\.1 200 .*content-length: 15/is);
  assert.equal(content, '');
  const other = await exchange(
    fixture,
    'HEAD /v1/transactions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  );
  assert.deepEqual(statuses(other), [405]);
  const nobody = await exchange(fixture, 'GET /healthz HTTP/1.1\r\n\r\n');
  assert.deepEqual(statuses(nobody), [400]);
  assert.match(nobody, /application\/problem\+json.*message_invalid/s);
});

test('a method that a path lacks is refused with Allow', async (t) => {
  const fixture = await testHttp(t);
  for (const [method, path, allow] of [
    ['GET', '/v1/users', 'POST'],
    ['PUT', '/v1/transactions', 'POST, GET'],
    ['OPTIONS', '/v1/sessions', 'POST, GET'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['POST', '/docs', 'GET'],
    ['PUT', '/openapi.json', 'GET'],
    // Of the paths that fit, all.
    ['GET', '/v1/sessions/passkey', 'DELETE, POST'],
    ['POST', '/v1/sessions/current', 'GET, DELETE'],
    ['PUT', '/v1/passkeys/challenges', 'DELETE, POST'],
  ] as const) {
    const answer = await fixture.request(method, path);
    assert.deepEqual(
      [answer.status, answer.json.code, answer.headers.get('allow')],
      [405, 'method_not_allowed', allow],
    );
  }
});

test('TRACE is refused on every path, and nothing of the request comes back', async (t) => {
  const fixture = await testHttp(t);
  for (const path of ['/', '/console/', '/healthz', '/v1/transactions', '/docs']) {
    const answer = await exchange(
      fixture,
      `TRACE ${path} HTTP/1.1\r\nHost: sello\r\nAuthorization: Bearer secreto\r\nConnection: close\r\n\r\n`,
    );
    assert.ok([404, 405].includes(statuses(answer)[0] ?? 0), `${path}: ${answer}`);
    assert.doesNotMatch(answer, /secreto/);
  }
});

test('an address with too many errors must wait; one without errors need not', async (t) => {
  const fixture = await testHttp(t, { flags: { '--rate-limits-errors-count-max': '20' } });
  const alice = await fixture.user('alice');
  const key = await fixture.service('shop', 'transactions:read');
  const answers = [];
  for (let count = 0; count < 25; count++) answers.push((await fixture.get('/v1/nothing')).status);
  assert.deepEqual(
    [answers.filter((s) => s === 404).length, answers.filter((s) => s === 429).length],
    [20, 5],
  );
  assert.equal((await alice.get('/v1/tokens')).status, 200, 'who is known goes on');

  // Nothing is read for a credential that is not in memory, be it good: whether it is, is not looked up.
  assert.equal((await fixture.get('/v1/transactions', key)).status, 429);
  const { status, json, headers } = await fixture.get('/v1/tokens', undefined, {
    cookie: `sello_session=1.${'A'.repeat(32)}`,
  });
  assert.deepEqual([status, json.code], [429, 'rate_limited']);
  assert.ok(Number(headers.get('retry-after')) > 0);
});
