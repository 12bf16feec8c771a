/*
 * Goal: no way of guessing a code escapes its purpose's limit.
 * Method: guesses by every message and route at once, over TCP and REST; the entries of the journal are counted.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { createService } from '../../src/application/services/manage-services.ts';
import { enrolToken } from '../../src/application/tokens/enrol-token.ts';
import { requestTransaction } from '../../src/application/transactions/request-transaction.ts';
import { startServer } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { countByKind, entriesOf, nonces, TRANSFER, withMac } from '../application/decisions/rewired.ts';
import { PASSWORD, registeredSession, temporaryFolder } from '../services/application.ts';

const ROUNDS = 12;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

test('guesses at a code by every way at once, over TCP and REST: three are evaluated for each purpose', async (t) => {
  const folder = await temporaryFolder(t);
  const { config } = loadConfig({ flags: { '--data-dir': folder, '--tcp-port': '0', '--http-port': '0' } });
  const server = await startServer(config, silent);
  t.after(() => server.stop());
  const { application } = server;
  const { context } = application;
  const session = await registeredSession(application, 'alice');
  const { userId } = session;
  const pending = await enrolToken(context, { userId, type: 'totp', digits: 8 });
  assert.ok('token' in pending);
  const vpn = await createService(context, { name: 'vpn', scopes: ['codes:verify'] });
  assert.ok('key' in vpn);
  const asked = await requestTransaction(context, { userId, transfer: TRANSFER, serviceId: 'shop' });
  assert.ok('transactionId' in asked);
  const logIn = await application.services.logIn({ username: 'alice', password: PASSWORD, address: '::1' });
  assert.ok('secret' in logIn);

  const post = async (path: string, body: object, bearer?: string) => {
    const response = await fetch(`http://${server.addresses.http}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  const { access_token: bearer } = await post('/v1/sessions/resumption', { session: logIn.secret });
  assert.equal(typeof bearer, 'string');
  const token = String(bearer);

  // No token is active, so no guess can be right: what counts is how many were looked at.
  const guesses: Promise<unknown>[] = [];
  const [host = '', port] = server.addresses.tcp.split(':');
  const socket = connect(Number(port), host);
  t.after(() => socket.destroy());
  const answers: Record<string, unknown>[] = [];
  const lines = createInterface({ input: socket });
  const allAnswered = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      answers.push(JSON.parse(line));
      if (answers.length === 1 + ROUNDS) resolve();
    });
  });
  const other = await nonces(context, logIn.session, ROUNDS);
  socket.write(`${JSON.stringify({ accion: 'reanudar', sesion: logIn.secret })}\n`);
  for (let round = 0; round < ROUNDS; round++) {
    const code = String(100_000 + round);
    const { mac, challenge } = withMac(logIn.session, other[round] ?? '');
    const data = 'CuentaA,CuentaB,100.00';
    const message = {
      accion: 'transaccion',
      id: round,
      data,
      nonce: challenge,
      mac: mac?.value,
      codigo: code,
    };
    socket.write(`${JSON.stringify(message)}\n`);
    guesses.push(
      post('/v1/codes/validation', { username: 'alice', code }, vpn.key),
      post(`/v1/transactions/${asked.transactionId}/approval`, { code }, token),
      post(`/v1/tokens/${pending.token.tokenId}/activation`, { code: `99${code}` }, token),
      post('/v1/transactions', { payer: 'A', payee: 'B', amount: '1.00', code }, token),
      post('/v1/sessions', { username: 'alice', password: PASSWORD, code }),
    );
  }
  await Promise.all([...guesses, allAnswered]);
  const counts = (await entriesOf(context, userId)).filter(({ detail }) => detail?.factor === 'code');
  for (const purpose of ['transaction', 'validation', 'enrolment', 'log_in']) {
    const failures = counts.filter(({ detail }) => detail?.purpose === purpose);
    assert.deepEqual(
      failures.map(({ detail }) => detail?.failures),
      [1, 2, 3],
      `${purpose}: ${JSON.stringify(countByKind(counts))}`,
    );
  }
  assert.equal(counts.length, 12);
});
