/*
 * Goal: the log at its most verbose names each request and contains no secret.
 * Method: every kind of request to a real server; its log is searched for each secret that was sent or received.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { encodeTransaction } from '../../src/domain/transaction/canonical-transaction.ts';
import { temporaryFolder } from '../services/application.ts';
import { selloJson } from '../services/sello-command.ts';
import { httpAddress } from './http-address.ts';
import { runServer } from './server-process.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked into by its own test
type Json = any;

test('at the loudest level each request is logged by its id, and no secret is', async (t) => {
  const folder = await temporaryFolder(t);
  const server = await runServer(t, { folder, flags: { '--log-level': 'trace' } });
  const base = await httpAddress(server);
  const { key } = await selloJson([
    'service',
    'create',
    'vpn',
    '--scope',
    'codes:verify',
    '--data-dir',
    folder,
  ]);
  const ids: string[] = [];
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Json> => {
    const response = await fetch(base + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    ids.push(response.headers.get('x-request-id') ?? '');
    const text = await response.text();
    return { ...(text.startsWith('{') ? JSON.parse(text) : {}), cookie: response.headers.get('set-cookie') };
  };
  const password = 'a-password-nobody-has';
  const credentials = { username: 'alice', password };
  await call('POST', '/v1/users', credentials, { 'idempotency-key': 'a-key-of-mine' });
  const session = await call('POST', '/v1/sessions', credentials);
  const browser = await call('POST', '/v1/browser-sessions', credentials);
  const bearer = { authorization: `Bearer ${session.access_token}` };
  const enrolled = await call('POST', '/v1/tokens', { type: 'totp' }, bearer);
  const { challenges } = await call('POST', '/v1/challenges', {}, bearer);
  const transfer = { payer: 'A', payee: 'B', amount: '1.00', currency: 'EUR' };
  const nonce = challenges[0].nonce;
  const mac = createHmac('sha256', createHash('sha256').update(password).digest())
    .update(encodeTransaction({ ...transfer, challenge: nonce, v: 1 }))
    .digest('hex');
  await call('POST', '/v1/transactions', { ...transfer, nonce, mac }, bearer);
  await call(
    'POST',
    '/v1/codes/validation',
    { username: 'alice', code: '83104726' },
    { authorization: `Bearer ${key}` },
  );
  await call('POST', `/v1/tokens/${enrolled.id}/activation`, { code: '55512340' }, bearer);
  // Where bodies and headers are most likely to be told: what is wrong with them.
  await call('POST', '/v1/sessions', `{"username":"alice","password":"${password}"`);
  await call('POST', '/v1/sessions', { ...credentials, extra: password });
  await call('GET', `/v1/transactions?cursor=${session.session}`, undefined, bearer);
  await call('GET', '/v1/tokens', undefined, { authorization: `Bearer ${session.access_token}x` });
  await call('GET', '/v1/tokens', undefined, { cookie: browser.cookie });
  await server.stop();

  for (const id of ids) assert.ok(server.stderr.includes(`"request_id":"${id}"`), id);
  const secrets: Record<string, string> = {
    password,
    'access token': session.access_token,
    'its signature': session.access_token.split('.')[2],
    session: session.session,
    cookie: browser.cookie.split(/[=;]/)[1],
    'CSRF token': browser.csrf_token,
    seed: enrolled.secret,
    'service key': key,
    MAC: mac,
    'a code': '83104726',
    'a first code': '55512340',
    'MAC key': createHash('sha256').update(password).digest('hex'),
  };
  for (const [name, secret] of Object.entries(secrets)) {
    assert.ok(secret.length > 5, name);
    assert.ok(!server.stderr.includes(secret) && !server.stdout.includes(secret), `${name} is in the log`);
  }
});
