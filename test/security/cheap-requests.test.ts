/*
 * Goal: a request that is cheap for a stranger or a user is cheap for the server.
 * Method: users with thousands of entries; the rows read are counted, and the time is compared with a plain read in the
 * same run.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { followUser } from '../../src/application/journal/follow-journal.ts';
import { resumeSession } from '../../src/application/sessions/resume-session.ts';
import { enrolToken } from '../../src/application/tokens/enrol-token.ts';
import { authorise } from '../../src/application/transactions/authorise.ts';
import { findTransaction, listTransactions } from '../../src/application/transactions/find-transactions.ts';
import { revokeToken } from '../../src/application/users/administer-user.ts';
import { LIMITS } from '../../src/limits.ts';
import type { Store } from '../../src/ports/store.ts';
import { nonces, rewired, withMac } from '../application/decisions/rewired.ts';
import { registeredSession, testApplication } from '../services/application.ts';

const address = '127.0.0.1';

/** A user with many decisions of now, and how much of the store each call reads. */
async function busyUser(t: TestContext, decisions: number) {
  const application = await testApplication(t);
  const { store } = application.context;
  const read = { loads: 0, challenges: 0, entries: 0 };
  const watched = new Proxy<Store>(store, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]) => {
        const result: unknown = await Reflect.apply(member, target, given);
        if (name === 'load') {
          read.loads++;
          for (const record of result as Awaited<ReturnType<Store['load']>>)
            read.challenges += record?.spentChallenges.length ?? 0;
        }
        return result;
      };
    },
  });
  const context = rewired(application, { store: watched });
  const session = await registeredSession(application, 'alice');
  for (let done = 0; done < decisions; done += LIMITS.batchMax) {
    const issued = await nonces(context, session, LIMITS.batchMax);
    await Promise.all(issued.map((nonce) => authorise(context, withMac(session, nonce))));
  }
  return { application, context, session, read };
}

/** How many turns others had meanwhile. */
async function whileOthersWait(work: () => Promise<unknown>): Promise<{ turns: number }> {
  let turns = 0;
  let running = true;
  const turn = () => {
    turns++;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await new Promise(setImmediate);
  turns = 0;
  await work();
  running = false;
  return { turns };
}

test('a made-up session secret does not make the server read all that its user spent', async (t) => {
  const { context, session, read } = await busyUser(t, 4_096);
  read.loads = 0;
  read.challenges = 0;
  const secret = `${session.userId.toString(36)}.${'x'.repeat(32)}`;
  for (let attempt = 0; attempt < 10; attempt++) {
    const outcome = await resumeSession(context, { secret, address });
    assert.equal('refused' in outcome && outcome.refused, 'session_ended');
  }
  assert.equal(read.loads, 10, 'whether the session began elsewhere is asked each time');
  assert.equal(read.challenges, 0);
});

test('a session that began elsewhere is known here at its first use, with what its user spent', async (t) => {
  const { application, context, session, read } = await busyUser(t, 0);
  const [nonce = ''] = await nonces(context, session, 1);
  assert.ok('transactionId' in (await authorise(context, withMac(session, nonce))));
  // The other server is the application's own decider: it spends a challenge, and a new session begins there.
  const [other = ''] = await nonces(application.context, session, 1);
  assert.ok('transactionId' in (await authorise(application.context, withMac(session, other))));
  const made = await application.services.logIn({ username: 'alice', password: 'secreto', address });
  assert.ok('secret' in made);
  read.challenges = 0;
  const resumed = await resumeSession(context, { secret: made.secret, address });
  assert.ok('sessionId' in resumed, JSON.stringify(resumed));
  assert.equal(read.challenges, 2);
  for (const spent of [nonce, other]) {
    const outcome = await authorise(context, withMac(session, spent));
    assert.equal('refused' in outcome && outcome.refused, 'challenge_spent');
  }
});

test('an id of a time that nothing is at does not walk through all of a user’s entries', async (t) => {
  const { context, session } = await busyUser(t, 8_192);
  const { userId } = session;
  const whole = () =>
    context.store.readUserJournal(userId, { below: Number.POSITIVE_INFINITY, limit: 8_192 });
  // Far in the past, and some years before the first entry.
  for (const time of ['00000000-0000', '01800000-0000']) {
    const walkedMs = await shortestOf(() =>
      findTransaction(context, userId, `${time}-7000-8000-000000000000`),
    );
    const wholeMs = await shortestOf(whole);
    assert.ok(walkedMs < wholeMs / 2, `${walkedMs} ms, and all entries take ${wholeMs} ms`);
  }
});

/** CPU time, the least of five times: what else the machine does makes it longer, never shorter. */
async function shortestOf(work: () => Promise<unknown>): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) shortest = Math.min(shortest, await durationOf(work));
  return shortest;
}

async function durationOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

test('reading a long history from its beginning does not walk all of it for each page', async (t) => {
  const { context, session } = await busyUser(t, 16_384);
  const { userId } = session;
  const version = (await context.userCache.getOrLoad(userId))?.version ?? 0;
  const wholeMs = await shortestOf(() =>
    context.store.readUserJournal(userId, { below: Number.POSITIVE_INFINITY, limit: version }),
  );
  const followedMs = await shortestOf(async () => {
    const stop = new AbortController();
    let expected = 1;
    for await (const entries of followUser(context, userId, 0, stop.signal)) {
      for (const entry of entries) assert.equal(entry.version, expected++);
      if (expected > version) stop.abort();
    }
  });
  assert.ok(followedMs < wholeMs * 8, `${followedMs} ms, and all entries at once take ${wholeMs} ms`);
});

test('a list that looks through thousands of entries gives others their turn', async (t) => {
  const { context, session } = await busyUser(t, 4_096);
  const { turns } = await whileOthersWait(() =>
    listTransactions(context, session.userId, {
      below: Number.POSITIVE_INFINITY,
      limit: 50,
      status: 'expired',
    }),
  );
  assert.ok(turns >= 10, `${turns} turns`);
});

test('enrolling and revoking without end does not fill the store with tokens', async (t) => {
  const { context, session } = await busyUser(t, 0);
  const { userId } = session;
  let enrolled = 0;
  let refusal: string | undefined;
  while (refusal === undefined && enrolled < 1_000) {
    const made = await enrolToken(context, { userId, type: 'totp' });
    if ('refused' in made) refusal = made.refused;
    else {
      enrolled++;
      assert.deepEqual(await revokeToken(context, userId, made.token.tokenId), { userId });
    }
  }
  assert.equal(refusal, 'rate_limited');
  assert.equal(enrolled, LIMITS.enrolmentsPerUserMax);
});
