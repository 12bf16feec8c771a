/*
 * Goal: with `session_idle_ms` a log-in that nobody uses ends at that time, over HTTP and TCP, on one server and on two; what a
 * page asks for by itself does not keep it.
 * Method: the real servers on a clock that the test moves; a second server is another memory of uses on the same store.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { findValidSession, type Session, sessionOf } from '../../src/application/sessions/session.ts';
import { SessionUses } from '../../src/application/sessions/session-uses.ts';
import { PASSWORD, registeredSession, StoppedClock, testApplication } from '../services/application.ts';
import { testHttp } from '../wire/http/http-fixture.ts';
import { VirtualDevice } from '../wire/http/virtual-device.ts';

const IDLE_MS = 300_000;
const FLAGS = { '--session-idle-ms': `${IDLE_MS}` };
const BACKGROUND = { 'sello-background': '1' };

test('over HTTP: used in time it goes on, unused it ends and says so in the journal; a page’s own requests do not count', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, flags: FLAGS });
  const alice = await fixture.user('alice');
  const status = async (headers: Record<string, string> = {}) =>
    (await fixture.get('/v1/tokens', alice.token, headers)).status;
  // Fifteen minutes of an access token would end before.
  clock.advance(IDLE_MS);
  assert.equal(await status(), 200);
  clock.advance(IDLE_MS - 1);
  assert.equal(await status(BACKGROUND), 200);
  clock.advance(1);
  assert.equal(await status(BACKGROUND), 200);
  clock.advance(1);
  const ended = await fixture.get('/v1/tokens', alice.token);
  assert.deepEqual([ended.status, ended.json.code], [401, 'session_ended']);

  const again = await fixture.logIn('alice');
  const { entries } = (await again.get('/v1/journal')).json;
  const ends = entries.filter(({ body }: { body: { type: string } }) => body.type === 'session.ended');
  assert.deepEqual(
    ends.map(({ body }: { body: { reason: string } }) => body.reason),
    ['idle'],
  );
});

test('the device of a virtual token has no idle time: its PIN locks it', async (t) => {
  const clock = new StoppedClock();
  const fixture = await testHttp(t, { clock, flags: FLAGS });
  const device = await VirtualDevice.enrolled(await fixture.user('alice'));
  clock.advance(2 * IDLE_MS);
  assert.equal((await device.get('/v1/tokens')).status, 200);
});

test('over TCP: challenges, messages and a resumption are refused after it, and each of them is a use', async (t) => {
  const { application, clock, session, secret } = await loggedIn(t);
  const { services } = application;
  for (const use of [
    () => services.issueChallenges(session, 1),
    () => services.messaging.isSessionValid(session),
    () => services.resumeSession({ secret, address: '127.0.0.1' }),
  ]) {
    clock.advance(IDLE_MS);
    const outcome = await use();
    assert.ok(
      outcome === true || (typeof outcome === 'object' && !('refused' in outcome)),
      JSON.stringify(outcome),
    );
  }
  clock.advance(IDLE_MS + 1);
  assert.deepEqual(await services.resumeSession({ secret, address: '127.0.0.1' }), {
    refused: 'session_ended',
  });
  assert.deepEqual(await services.issueChallenges(session, 1), { refused: 'session_ended' });
  assert.equal(await services.messaging.isSessionValid(session), false);
});

test('two servers know of each other’s uses to within a tenth of the time, and neither keeps an unused session', async (t) => {
  const { application, clock, session } = await loggedIn(t);
  const { store, decider } = application.context;
  const one = new SessionUses(store, decider, IDLE_MS);
  const other = new SessionUses(store, decider, IDLE_MS);
  for (let count = 0; count < 8; count++) {
    clock.advance(IDLE_MS / 2);
    assert.equal(await one.admit(session, true), true);
    await one.flush();
  }
  assert.equal(await other.admit(session, false), true);
  clock.advance(IDLE_MS * 0.9);
  assert.equal(await other.admit(session, true), true);
  // What a server that dies had not recorded is lost: the session ends earlier, never later.
  clock.advance(IDLE_MS * 0.9);
  assert.equal(await one.admit(session, false), false);
  assert.equal(await other.admit(session, true), true, 'its own memory knows of a use');
  await other.flush();
  clock.advance(IDLE_MS + 1);
  assert.equal(other.isIdle(session), true);
  const admitted = await Promise.all([one.admit(session, true), other.admit(session, true)]);
  assert.deepEqual(admitted, [false, false]);
});

test('what the store does not take waits for the next time', async (t) => {
  const { application, clock, session } = await loggedIn(t);
  const { store, decider } = application.context;
  let down = true;
  const uses = new SessionUses(
    {
      lastSessionUse: (userId, sessionId) => store.lastSessionUse(userId, sessionId),
      recordSessionUses: async (given) => {
        if (down) throw new Error('down');
        await store.recordSessionUses(given);
      },
    },
    decider,
    IDLE_MS,
  );
  clock.advance(IDLE_MS / 2);
  const usedAt = clock.now();
  assert.equal(await uses.admit(session, true), true);
  await assert.rejects(uses.flush(), /down/);
  down = false;
  await uses.flush();
  assert.equal(await store.lastSessionUse(session.userId, session.sessionId), usedAt);
});

async function loggedIn(t: TestContext) {
  const clock = new StoppedClock();
  const application = await testApplication(t, { clock, flags: FLAGS });
  const { userId } = await registeredSession(application, 'alice');
  const made = await application.services.logIn({
    ...{ username: 'alice', password: PASSWORD, address: '127.0.0.1' },
  });
  assert.ok('secret' in made);
  const user = await application.context.userCache.reload(userId);
  const row = user && findValidSession(user, made.session.sessionId, clock.now());
  assert.ok(user && row);
  const session: Session = sessionOf(user, row);
  return { application, clock, session, secret: made.secret };
}
