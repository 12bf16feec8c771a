/*
 * Goal: a stolen password opens no TCP session of a user who has a token, and moves no more than the velocity limit of
 * one who has none.
 * Method: the real server on its defaults, over TCP as an attacker speaks it. Each test is an attack that succeeded
 * before it was fixed.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { resumeSession } from '../../src/application/sessions/resume-session.ts';
import { type ClientAnswer, TcpClient } from '../../src/client/tcp-client.ts';
import { transferMac } from '../../src/client/transfer-mac.ts';
import { addAmounts } from '../../src/domain/money/amount.ts';
import { ThrowawayUser } from '../../src/lab/throwaway-user.ts';
import { LIMITS } from '../../src/limits.ts';
import { laboratory } from '../lab/laboratory.ts';

type Server = Awaited<ReturnType<typeof laboratory>>;

/** A connection of someone who knows the password and nothing else. */
class Attacker {
  readonly #client: TcpClient;
  readonly #victim: ThrowawayUser;

  private constructor(client: TcpClient, victim: ThrowawayUser) {
    this.#client = client;
    this.#victim = victim;
  }

  static async connect(t: TestContext, { target }: Server, victim: ThrowawayUser): Promise<Attacker> {
    const { host, port } = target.endpoint;
    const client = await TcpClient.connect({ host, port });
    t.after(() => client.destroy());
    return new Attacker(client, victim);
  }

  logIn(more: object = {}): Promise<ClientAnswer> {
    const { username, password } = this.#victim;
    return this.#client.request({ accion: 'login', username, password, ...more });
  }

  resume(session: string): Promise<ClientAnswer> {
    return this.#client.request({ accion: 'reanudar', sesion: session });
  }

  /** Sends as many transfers at once, each with a MAC by the password. */
  async transfer(data: string, count = 1): Promise<readonly ClientAnswer[]> {
    const { nonces = [] } = await this.#client.request({ accion: 'pet_transaccion', cantidad: count });
    return Promise.all(
      nonces.map((nonce) => {
        const mac = transferMac(this.#victim.password, data, nonce);
        return this.#client.request({ accion: 'transaccion', data, nonce, mac });
      }),
    );
  }
}

const OLD_CLIENTS = { '--tcp-log-in-code-required': 'false' };

function approved(answers: readonly ClientAnswer[]): number {
  return answers.filter(({ status }) => status === 'OK').length;
}

test('of a thousand transfers of 500.00 sent at once, the password alone moves 5000.00, and the answer names the limit', async (t) => {
  const server = await laboratory(t);
  const victim = await ThrowawayUser.register(server.target);
  const attacker = await Attacker.connect(t, server, victim);
  assert.equal((await attacker.logIn()).status, 'OK');
  const answers = await attacker.transfer('CuentaA,Mallory,500.00', 1_000);
  assert.equal(answers.length, 1_000);
  assert.equal(approved(answers), 10);
  const refused = answers.filter(({ status }) => status === 'ERROR');
  assert.equal(refused.length, 990);
  for (const { error, mensaje = '' } of refused) {
    assert.equal(error, 'bound_code_required');
    assert.match(mensaje, /\(velocity: 5000\.00 EUR \/ 24 h\)/);
    assert.ok(Buffer.byteLength(mensaje) < LIMITS.answerBytesMax);
  }
  assert.equal(approved(await attacker.transfer('CuentaA,Mallory,0.01')), 0);
  const entries = await server.target.entriesOf(victim.username);
  const velocity = entries.filter(({ detail }) => detail?.velocity === 'amount_max');
  assert.equal(velocity.length, 991, 'each refusal records the limit');
});

test('an amount in a currency that no rule and no limit names is not small, whatever its number', async (t) => {
  const server = await laboratory(t);
  const victim = await ThrowawayUser.register(server.target);
  const attacker = await Attacker.connect(t, server, victim);
  await attacker.logIn();
  for (const currency of ['KWD', 'BHD', 'USD', 'JPY']) {
    const [answer] = await attacker.transfer(`CuentaA,Mallory,1,${currency}`);
    assert.equal(answer?.error, 'bound_code_required', currency);
    assert.match(answer?.mensaje ?? '', new RegExp(`velocity: 0 ${currency} / 24 h`));
  }
  assert.equal(approved(await attacker.transfer('CuentaA,Mallory,1,EUR')), 1);
});

test('transfers sent at once over many connections do not pass the limit together', async (t) => {
  const server = await laboratory(t, {
    flags: { '--policy-velocity': '{"window_ms":86400000,"amount_max":"1000.00"}' },
  });
  const victim = await ThrowawayUser.register(server.target);
  const connections = await Promise.all(Array.from({ length: 8 }, () => Attacker.connect(t, server, victim)));
  for (const connection of connections) assert.equal((await connection.logIn()).status, 'OK');
  // Amounts that do not divide the limit, so that a transfer too many shows as a sum above it.
  const answers = await Promise.all(
    connections.map((connection, n) => connection.transfer(`CuentaA,Mallory,${n + 3}.07`, 128)),
  );
  const moved = answers.reduce((sum, of, n) => {
    let more = sum;
    for (let count = 0; count < approved(of); count++) more = addAmounts(more, `${n + 3}.07`);
    return more;
  }, '0');
  assert.ok(Number(moved) <= 1_000, moved);
  assert.ok(Number(moved) > 1_000 - 11, `${moved}: the limit is used up`);
});

test('over TCP the password alone opens no session of a user who has a token for log-ins', async (t) => {
  const server = await laboratory(t);
  const victim = await ThrowawayUser.register(server.target);
  await victim.enrolTokens();
  const attacker = await Attacker.connect(t, server, victim);
  const refused = await attacker.logIn();
  assert.deepEqual([refused.status, refused.error], ['ERROR', 'code_required']);
  assert.equal(refused.sesion, undefined);
  assert.equal((await attacker.logIn({ password: `${victim.password}x` })).error, 'credentials_invalid');
  const [wrong = ''] = victim.wrongCodes(1);
  assert.equal((await attacker.logIn({ codigo: wrong })).error, 'code_wrong');
  const honest = await Attacker.connect(t, server, victim);
  assert.equal((await honest.logIn(await victim.logInMessage())).status, 'OK');
  assert.equal(approved(await honest.transfer('CuentaA,CuentaB,10.00')), 1);
});

test('a connection of before the first token moves nothing by the MAC alone after it', async (t) => {
  const server = await laboratory(t);
  const victim = await ThrowawayUser.register(server.target);
  const attacker = await Attacker.connect(t, server, victim);
  assert.equal((await attacker.logIn()).status, 'OK');
  assert.equal(approved(await attacker.transfer('CuentaA,Mallory,10.00')), 1);
  await victim.enrolTokens();
  const [answer] = await attacker.transfer('CuentaA,Mallory,10.00');
  assert.ok(['code_required', 'session_ended'].includes(answer?.error ?? ''), JSON.stringify(answer));
});

test('a code is asked for as late as a wrong password is refused', async (t) => {
  const server = await laboratory(t);
  const victim = await ThrowawayUser.register(server.target);
  await victim.enrolTokens();
  const attacker = await Attacker.connect(t, server, victim);
  const startedAt = performance.now();
  assert.equal((await attacker.logIn()).error, 'code_required');
  assert.ok(performance.now() - startedAt >= LIMITS.logInResponsePaddingMs - 1);
});

test('the five messages of the first version stay enough for a user without a token', async (t) => {
  const server = await laboratory(t);
  const user = await ThrowawayUser.register(server.target);
  const client = await Attacker.connect(t, server, user);
  assert.equal((await client.logIn()).status, 'OK');
  assert.equal(approved(await client.transfer('CuentaA,CuentaB,100.0', 50)), 50);
});

test('a session opened by password alone, where that was allowed, is not resumed where it is not', async (t) => {
  const server = await laboratory(t, { flags: OLD_CLIENTS });
  const victim = await ThrowawayUser.register(server.target);
  await victim.enrolTokens();
  const attacker = await Attacker.connect(t, server, victim);
  const { status, sesion } = await attacker.logIn();
  assert.equal(status, 'OK', 'named in the configuration');
  assert.equal((await attacker.resume(String(sesion))).status, 'OK');
  const { context } = server.application;
  const strict = await resumeSession(context, {
    secret: String(sesion),
    address: '192.0.2.1',
    codeRequired: true,
  });
  assert.deepEqual(strict, { refused: 'session_ended' });
});
