/*
 * Goal: the HTTP server reports its health, counts without naming anyone, reloads certificates and stops in good order.
 * Method: the real server, which loses parts while it runs.
 */
import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import test from 'node:test';
import { StartRefused } from '../../../src/domain/errors.ts';
import { startHttpServer } from '../../../src/wire/http/server.ts';
import { temporaryFolder, testApplication } from '../../services/application.ts';
import { CERTIFICATES } from '../../services/certificates.ts';
import { until } from '../../waiting.ts';
import { testHttp } from './http-fixture.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const TRANSFER = { payer: 'ES79-1', payee: 'DE89-2', amount: '1.00', currency: 'EUR' };

test('liveness, and readiness that names the part that is down', async (t) => {
  const fixture = await testHttp(t);
  assert.deepEqual((await fixture.get('/healthz')).json, { status: 'ok' });
  const ready = await fixture.get('/readyz');
  assert.deepEqual(
    [ready.status, ready.json.parts],
    [200, { server: 'up', store: 'up', vault: 'up', rate_limiter: 'up' }],
  );
  await fixture.application.vault.close();
  // What a part said is believed for half a second.
  const down = await until(async () => {
    const answer = await fixture.get('/readyz');
    return answer.status !== 200 && answer;
  });
  assert.deepEqual(
    [down.status, down.json.parts],
    [503, { server: 'up', store: 'up', vault: 'down', rate_limiter: 'up' }],
  );
  assert.equal((await fixture.get('/healthz')).status, 200);
});

test('a vault that is down is a clear 503 where it is needed, and reads go on', async (t) => {
  const fixture = await testHttp(t, { logger: SILENT });
  const alice = await fixture.user('alice');
  const proven = await alice.proven(TRANSFER);
  await fixture.application.vault.close();
  const answer = await alice.post('/v1/transactions', proven);
  assert.deepEqual(
    [answer.status, answer.json.code, answer.json.retry_after_ms],
    [503, 'unavailable', 1_000],
  );
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.equal((await alice.get('/v1/transactions')).status, 200);
  assert.equal((await alice.post('/v1/challenges', {})).status, 201);
});

test('metrics: decisions by type and reason, times, batches, vault calls, lock-outs; no one is named', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  await alice.post('/v1/transactions', await alice.proven(TRANSFER));
  for (let attempt = 0; attempt < 3; attempt++) {
    await fixture.post('/v1/sessions', undefined, { username: 'alice', password: 'not the one' });
  }
  const { text, headers } = await fixture.get('/metrics');
  assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  for (const line of [
    'sello_decisions_total{type="transaction.approved",reason=""} 1',
    'sello_decisions_total{type="login.refused",reason="credentials_invalid"} 3',
    'sello_lockouts_total{factor="password"} 1',
    'sello_http_refusals_total{code="credentials_invalid"} 3',
    'sello_http_request_duration_seconds_count{method="POST",route="/v1/transactions",status="201"} 1',
  ]) {
    assert.ok(text.includes(line), `${line}\n${text.slice(-6_000)}`);
  }
  assert.match(text, /^sello_batches_total \d+$/m);
  assert.match(text, /^sello_decisions_waiting 0$/m);
  assert.match(text, /^sello_vault_calls_total\{operation="computeMacs"\} [1-9]/m);
  assert.match(text, /^sello_batch_size_bucket\{le="1"\} [1-9]/m);
  assert.match(text, /^sello_passwords_waiting 0$/m);
  assert.match(text, /^sello_vault_call_duration_seconds_count\{operation="computeMacs"\} [1-9]/m);
  assert.ok(!text.includes('alice') && !text.includes('ES79'));
});

test('metrics are for this machine and for administrators, unless configured', async (t) => {
  const fixture = await testHttp(t, { proxyTrusted: ['127.0.0.1'] });
  const admin = await fixture.withRole('root', 'admin');
  const alice = await fixture.user('alice');
  const far = { 'x-forwarded-for': '203.0.113.9' };
  assert.equal((await fixture.get('/metrics', undefined, far)).status, 404);
  assert.equal((await fixture.get('/metrics', alice.token, far)).status, 404);
  assert.equal((await fixture.get('/metrics', admin.token, far)).status, 200);
  const open = await testHttp(t, { proxyTrusted: ['127.0.0.1'], metricsPublic: true });
  assert.equal((await open.get('/metrics', undefined, far)).status, 200);
  // A proxy on this machine that nobody has named does not make the world local.
  const unnamed = await testHttp(t);
  assert.equal((await unnamed.get('/metrics', undefined, far)).status, 404);
});

test('limits are about the client that a trusted proxy names, and about the peer otherwise', async (t) => {
  const flags = { '--rate-limits-errors-count-max': '3' };
  const outcome = async (proxyTrusted: string[], addresses: string[]) => {
    const fixture = await testHttp(t, { proxyTrusted, flags });
    const statuses = [];
    for (const address of addresses) {
      statuses.push((await fixture.get('/v1/nothing', undefined, { 'x-forwarded-for': address })).status);
    }
    return statuses;
  };
  const four = ['203.0.113.1', '203.0.113.1', '203.0.113.1', '203.0.113.1'];
  const different = ['203.0.113.1', '203.0.113.2', '203.0.113.3', '203.0.113.4'];
  assert.deepEqual(await outcome(['127.0.0.1'], four), [404, 404, 404, 429]);
  assert.deepEqual(await outcome(['127.0.0.1'], different), [404, 404, 404, 404]);
  assert.deepEqual(await outcome([], different), [404, 404, 404, 429], 'anyone may write the header');
  const forged = different.map((address) => `${address}, 203.0.113.7`);
  assert.deepEqual(await outcome(['127.0.0.1'], forged), [404, 404, 404, 429], 'the last hop counts');
  const chained = different.map((address) => `${address}, 10.0.0.2`);
  assert.deepEqual(await outcome(['127.0.0.1', '10.0.0.0/8'], chained), [404, 404, 404, 404]);
  const network = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8::4'];
  assert.deepEqual(await outcome(['127.0.0.1'], network), [404, 404, 404, 429], 'a /64 is one client');
});

test('plaintext off loopback is refused, unless it is allowed', async (t) => {
  const application = await testApplication(t);
  const options = {
    host: '0.0.0.0',
    port: 0,
    context: application.context,
    logIn: application.services.logIn,
    logger: SILENT,
  };
  await assert.rejects(startHttpServer(options), (error: Error) => {
    assert.ok(error instanceof StartRefused);
    assert.match(error.message, /http_plaintext_allowed/);
    return true;
  });
  const server = await startHttpServer({ ...options, plaintextAllowed: true });
  const taken = startHttpServer({ ...options, plaintextAllowed: true, port: server.address().port });
  await assert.rejects(taken, /in use/);
  await server.stop(0);
});

test('HTTPS, whose certificate is read again; a bad one is not taken', async (t) => {
  const folder = await temporaryFolder(t);
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  const install = async (name: string) => {
    await copyFile(join(CERTIFICATES, `${name}.cert.pem`), files.certFile);
    await copyFile(join(CERTIFICATES, `${name}.key.pem`), files.keyFile);
  };
  await install('first');
  const fixture = await testHttp(t, { tls: files, logger: SILENT });
  const { port } = fixture.server.address();
  const seen = () =>
    new Promise<{ subject: string; hsts: string | undefined }>((resolve, reject) => {
      request(
        { host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false, agent: false },
        (response) => {
          const socket = response.socket as import('node:tls').TLSSocket;
          const subject = String(socket.getPeerCertificate().subject.CN);
          response.resume();
          resolve({ subject, hsts: response.headers['strict-transport-security'] });
        },
      )
        .on('error', reject)
        .end();
    });
  assert.deepEqual(await seen(), { subject: 'first.test', hsts: 'max-age=31536000' });
  await install('second');
  assert.equal(await fixture.server.reloadTls(), true);
  assert.equal((await seen()).subject, 'second.test');
  await copyFile(join(CERTIFICATES, 'first.cert.pem'), files.certFile);
  assert.equal(await fixture.server.reloadTls(), false);
  assert.equal((await seen()).subject, 'second.test');
  await assert.rejects(testHttp(t, { tls: { ...files, certFile: join(folder, 'none.pem') } }), StartRefused);
});

test('it stops in good order: waits end, what was accepted is answered', async (t) => {
  const fixture = await testHttp(t);
  const alice = await fixture.user('alice');
  const { json } = await alice.post('/v1/transactions', { ...TRANSFER, amount: '1000' });
  const waiting = alice.get(`/v1/transactions/${json.id}?wait_s=30`);
  const registering = fixture.post('/v1/users', undefined, { username: 'late', password: 'secreto' });
  const { waiting: waits, context } = fixture.server.dependencies;
  let answered = false;
  void registering.then(() => {
    answered = true;
  });
  await until(() => waits.count === 1 && (answered || context.passwords.queueLength > 0));
  const startedAt = performance.now();
  await fixture.server.stop(20_000);
  assert.ok(performance.now() - startedAt < 10_000);
  assert.equal((await waiting).json.status, 'pending');
  assert.equal((await registering).status, 201);
  await assert.rejects(fixture.get('/healthz'));
});

test('other sites’ pages may ask only where the configuration names them', async (t) => {
  const origin = 'https://shop.example';
  const off = await testHttp(t);
  const none = await off.get('/healthz', undefined, { origin });
  assert.equal(none.headers.get('access-control-allow-origin'), null);
  assert.equal((await off.request('OPTIONS', '/v1/transactions', { headers: { origin } })).status, 405);
  const on = await testHttp(t, { corsOrigins: [origin] });
  const allowed = await on.get('/healthz', undefined, { origin });
  assert.equal(allowed.headers.get('access-control-allow-origin'), origin);
  assert.equal(allowed.headers.get('access-control-allow-credentials'), null);
  const preflight = await on.request('OPTIONS', '/v1/transactions', { headers: { origin } });
  assert.deepEqual(
    [preflight.status, preflight.headers.get('access-control-allow-methods')],
    [204, 'POST, GET'],
  );
  const other = await on.get('/healthz', undefined, { origin: 'https://other.example' });
  assert.equal(other.headers.get('access-control-allow-origin'), null);
});
