/*
 * Goal: strangers' guesses lock strangers, not the user where they are known.
 * Method: the attacks over REST and the services of TCP, on a clock that the test moves; the victim works beside them.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { decideTransaction } from '../../src/application/transactions/decide-transaction.ts';
import { StoppedClock } from '../services/application.ts';
import {
  type ApiToken,
  type HttpFixture,
  PASSWORD,
  type Response,
  testHttp,
} from '../wire/http/http-fixture.ts';

const HOUR_MS = 3_600_000;
const BIG = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250.00', currency: 'EUR' };

async function parts(t: TestContext, flags: Record<string, string> = {}) {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, flags });
  return { clock, fixture };
}

/** Logs in as a browser does. @param cookies of earlier answers */
function browse(
  fixture: HttpFixture,
  more: object = {},
  cookies = '',
  username = 'alice',
): Promise<Response> {
  const body = { username, password: PASSWORD, ...more };
  return fixture.post('/v1/browser-sessions', undefined, body, cookies === '' ? {} : { cookie: cookies });
}

function deviceCookie({ headers }: Response): string {
  const made = headers.getSetCookie().find((cookie) => cookie.startsWith('sello_device='));
  assert.ok(made, 'the browser is known from now on');
  assert.match(made, /; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
  return made.split(';', 1)[0] ?? '';
}

const guess = (fixture: HttpFixture, cookie = '') =>
  fixture.post(
    '/v1/sessions',
    undefined,
    { username: 'alice', password: 'guessed it' },
    cookie === '' ? {} : { cookie },
  );

test('a guess at the end of each lock for a day keeps strangers out, not a browser that has logged in before', async (t) => {
  const { clock, fixture } = await parts(t, { '--session-ttl-ms': '31536000000' });
  await fixture.user('alice');
  const cookie = deviceCookie(await browse(fixture));
  let evaluated = 0;
  for (const end = clock.now() + 24 * HOUR_MS; clock.now() < end; ) {
    const { json } = await guess(fixture);
    if (json.code === 'credentials_invalid') evaluated++;
    clock.advance(json.retry_after_ms ?? 0);
    // At that moment, before the next guess, the password is locked for strangers alone.
    if (json.retry_after_ms === undefined) continue;
    clock.advance(-1);
    assert.equal((await browse(fixture)).json.code, 'locked');
    assert.equal((await browse(fixture, {}, cookie)).status, 201);
    clock.advance(1);
  }
  assert.ok(evaluated <= 46, `${evaluated} passwords were evaluated in a day`);
  // A quiet day later a mistake is a mistake.
  clock.advance(24 * HOUR_MS);
  assert.equal((await guess(fixture)).json.retry_after_ms, undefined);
  assert.equal((await browse(fixture)).status, 201);
});

describe('a known browser', () => {
  test('has its own count, which locks nobody else', async (t) => {
    const { fixture } = await parts(t);
    await fixture.user('alice');
    const cookie = deviceCookie(await browse(fixture));
    const codes = [];
    for (let n = 0; n < 4; n++) codes.push((await guess(fixture, cookie)).json.code);
    assert.deepEqual(codes, [...Array(3).fill('credentials_invalid'), 'locked']);
    assert.equal((await browse(fixture, {}, cookie)).json.code, 'locked');
    assert.equal((await browse(fixture)).status, 201);
  });

  test('is no other user’s, ends after ninety days, and cannot be made up', async (t) => {
    const { clock, fixture } = await parts(t);
    await fixture.user('alice');
    await fixture.user('mallory');
    const own = deviceCookie(await browse(fixture));
    const others = deviceCookie(await browse(fixture, {}, '', 'mallory'));
    const [name, value = ''] = own.split('=');
    const pieces = value.split('.');
    // Another id, another proof, another end, another MAC.
    const made = [1, 2, 3, 4].map((at) =>
      pieces
        .map((piece, n) => (n === at ? piece.replace(/.$/, (c) => (c === '1' ? '0' : '1')) : piece))
        .join('.'),
    );
    for (let n = 0; n < 3; n++) await guess(fixture);
    for (const cookie of [others, ...made.map((text) => `${name}=${text}`), 'sello_device=x']) {
      assert.equal((await browse(fixture, {}, cookie)).json.code, 'locked', cookie);
    }
    assert.equal((await browse(fixture, {}, own)).status, 201);
    clock.advance((90 * 24 + 12) * HOUR_MS);
    for (let n = 0; n < 3; n++) await guess(fixture);
    assert.equal((await browse(fixture, {}, own)).json.code, 'locked');
  });

  test('that showed the password alone is not known for codes: a stolen password brings no second count', async (t) => {
    const { fixture } = await parts(t);
    const alice = await fixture.user('alice');
    const stolen = deviceCookie(await browse(fixture));
    await alice.enrol('totp');
    const codes = [];
    for (const cookie of ['', stolen, '', stolen, stolen]) {
      codes.push((await browse(fixture, { code: '000000' }, cookie)).json.code);
    }
    assert.deepEqual(codes, [...Array(3).fill('code_wrong'), 'locked', 'locked']);
  });

  test('that has shown a code is not locked by a stranger who has the password and guesses codes', async (t) => {
    const { clock, fixture } = await parts(t);
    const alice = await fixture.user('alice');
    const token = await alice.enrol('totp', { period_s: 60 });
    clock.advance(60_000);
    const cookie = deviceCookie(await browse(fixture, { code: token.code() }));
    for (let n = 0; n < 3; n++) await browse(fixture, { code: '000000' });
    clock.advance(60_000 - 30_000);
    for (let n = 0; n < 3; n++) await browse(fixture, { code: '000000' });
    clock.advance(30_000);
    assert.equal((await browse(fixture, { code: token.code() })).json.code, 'locked');
    assert.equal((await browse(fixture, { code: token.code() }, cookie)).status, 201);
  });
});

test('over TCP a client that resumed its session logs in again, whatever strangers guess', async (t) => {
  const { fixture } = await parts(t);
  const alice = await fixture.user('alice');
  const { services } = fixture.application;
  const address = '127.0.0.1';
  const session = await services.resumeSession({ secret: alice.secret, address });
  assert.ok('sessionId' in session);
  for (let n = 0; n < 3; n++) await guess(fixture);
  const asked = { username: 'alice', password: PASSWORD, address };
  const stranger = await services.logIn(asked);
  assert.ok('refused' in stranger && stranger.refused === 'locked');
  assert.ok('secret' in (await services.logIn({ ...asked, session })));
});

describe('wrong codes at a service', () => {
  async function victim(t: TestContext, { forLogIns = true } = {}) {
    const { clock, fixture } = await parts(t);
    const alice = await fixture.user('alice');
    // For log-ins; one for transactions alone leaves a log-in to the password.
    const forLogIn = forLogIns ? await alice.enrol('totp', { period_s: 60 }) : undefined;
    clock.advance(60_000);
    const ocra = await alice.enrol('ocra', forLogIn ? { code: forLogIn.code() } : {});
    const totp = forLogIn ?? ocra;
    clock.advance(60_000);
    const validate = async (key: string, code: string) =>
      (await fixture.post('/v1/codes/validation', key, { username: 'alice', code })).json;
    const pay = async (token: ApiToken) => {
      const { json } = await alice.post('/v1/transactions', BIG);
      return alice.post(`/v1/transactions/${json.id}/approval`, { code: token.codeOver(json) });
    };
    return { clock, fixture, alice, ocra, totp, validate, pay };
  }

  test('lock its validations, not the user’s payments, nor another service', async (t) => {
    const { fixture, alice, ocra, totp, validate, pay } = await victim(t);
    const vpn = await fixture.service('vpn', 'codes:verify');
    const desk = await fixture.service('desk', 'codes:verify');
    for (let n = 0; n < 3; n++) assert.equal((await validate(vpn, '000000')).reason, 'code_wrong');
    assert.equal((await validate(vpn, totp.code())).reason, 'locked');
    assert.equal((await pay(ocra)).status, 200);
    const { tokens } = (await alice.get('/v1/tokens')).json;
    assert.ok(tokens.every(({ locked_until: until }: { locked_until: unknown }) => until === null));
    const root = await fixture.withRole('root', 'admin');
    const { users } = (await root.get('/v1/admin/users?search=alice')).json;
    assert.notEqual(users[0].code_locked_until, null, 'the operator sees it');
    assert.deepEqual(await validate(desk, totp.code()), { valid: true });
  });

  test('and at many services together are few: 23 are evaluated, payments go on', async (t) => {
    const { fixture, ocra, validate, pay } = await victim(t);
    const keys = [];
    for (let n = 0; n < 10; n++) keys.push(await fixture.service(`vpn-${n}`, 'codes:verify'));
    const reasons = [];
    for (let round = 0; round < 3; round++) {
      for (const key of keys) reasons.push((await validate(key, '000000')).reason);
    }
    assert.equal(reasons.filter((reason) => reason === 'code_wrong').length, 23);
    assert.equal(reasons.filter((reason) => reason === 'locked').length, 7);
    assert.equal((await pay(ocra)).status, 200);
  });

  test('a session of the password alone that guesses codes locks such sessions, not one that has shown a code', async (t) => {
    const { fixture, ocra, pay } = await victim(t, { forLogIns: false });
    const { services } = fixture.application;
    const made = await services.logIn({ username: 'alice', password: PASSWORD, address: '127.0.0.1' });
    assert.ok('secret' in made && made.session.proof !== 'second_factor');
    const { context } = fixture.application;
    const asked = await fixture.service('shop', 'transactions:write');
    const order = (await fixture.post('/v1/transactions', asked, { ...BIG, username: 'alice' })).json;
    const approve = () =>
      decideTransaction(context, {
        ...{ decision: 'approve', session: made.session, code: '000000' },
        ...{ userId: made.session.userId, transactionId: order.id },
      });
    const outcomes = [];
    for (let n = 0; n < 4; n++) {
      const outcome = await approve();
      outcomes.push('refused' in outcome ? outcome.refused : 'approved');
    }
    assert.deepEqual(outcomes, [...Array(3).fill('code_wrong'), 'locked']);
    assert.equal((await pay(ocra)).status, 200);
  });
});
