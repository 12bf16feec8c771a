/*
 * Goal: from the entry of a password change on, the old password opens no session and its MAC approves nothing, on any
 * server; of two changes from one old password one wins.
 * Method: two real applications on one PostgreSQL database, or one on SQLite where all meet in one batch. In each round
 * payments by the old MAC, log-ins by the old password and two changes run at once; then the journal is read in order.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '../../src/application/sessions/session.ts';
import { authorise } from '../../src/application/transactions/authorise.ts';
import { changePassword } from '../../src/application/users/change-password.ts';
import { setPassword } from '../../src/application/users/set-password.ts';
import type { Application } from '../../src/compose.ts';
import { entriesOf, nonces, withMac } from '../application/decisions/rewired.ts';
import { NO_VELOCITY_LIMIT, PASSWORD, registeredSession, testApplication } from '../services/application.ts';
import { PostgresServer } from '../services/postgres.ts';
import { TwoApplications } from '../services/two-applications.ts';

const ROUNDS = 4;
const PAYMENTS = 24;
const ADDRESS = '127.0.0.1';

async function round(of: (caller: number) => Application, username: string): Promise<void> {
  const { context } = of(0);
  const session: Session = await registeredSession(of(0), username);
  const challenges = await nonces(context, session, PAYMENTS);
  const pays = challenges.map(async (challenge, caller) => {
    // Spread over the time that the change takes to hash.
    await new Promise((resolve) => setTimeout(resolve, caller * 4));
    return authorise(of(caller).context, withMac(session, challenge));
  });
  const logIns = [0, 1].map((caller) =>
    of(caller).services.logIn({ username, password: PASSWORD, address: ADDRESS }),
  );
  const changes = ['first-new', 'second-new'].map((password, caller) =>
    changePassword(of(caller).context, {
      session,
      knows: { password: PASSWORD },
      password,
      address: ADDRESS,
    }),
  );
  const [changed] = await Promise.all([Promise.all(changes), Promise.all(pays), Promise.all(logIns)]);
  assert.equal(changed.filter((result) => !('refused' in result)).length, 1, JSON.stringify(changed));

  const entries = await entriesOf(context, session.userId);
  const at = entries.findIndex(({ type }) => type === 'admin.password_changed');
  const after = entries.slice(at + 1).map(({ type }) => type);
  assert.ok(!after.includes('transaction.approved'), `${username}: ${after.join(' ')}`);
  assert.ok(!after.includes('login.accepted'), `${username}: ${after.join(' ')}`);
  // The session that changed it goes on, and others can be opened by the new password alone.
  const password = 'refused' in (changed[0] ?? {}) ? 'second-new' : 'first-new';
  const opened = await of(1).services.logIn({ username, password, address: ADDRESS });
  assert.ok(!('refused' in opened), JSON.stringify(opened));
}

test('payments and log-ins by the old password in parallel with its change: none after the entry, on one server', async (t) => {
  const application = await testApplication(t, { flags: NO_VELOCITY_LIMIT });
  for (let index = 0; index < ROUNDS; index++) await round(() => application, `alice-${index}`);
});

test('a payment that is in the batch of the change is judged by the new MAC key', async (t) => {
  const application = await testApplication(t, { flags: NO_VELOCITY_LIMIT });
  const { context } = application;
  const session = await registeredSession(application, 'alice');
  const [before, after] = await nonces(context, session, 2);
  const submit = context.decider.submit.bind(context.decider);
  // The payment is submitted with the change, after it.
  let paid: ReturnType<typeof authorise> | undefined;
  context.decider.submit = ((job: Parameters<typeof submit>[0]) => {
    const decided = submit(job);
    context.decider.submit = submit;
    paid = authorise(context, withMac(session, after ?? ''));
    return decided;
  }) as typeof submit;
  const knows = { password: PASSWORD };
  const request = { session, knows, password: 'new-password', address: ADDRESS };
  assert.ok(!('refused' in (await changePassword(context, request))));
  assert.deepEqual(await paid, { refused: 'mac_mismatch' });
  const late = await authorise(context, withMac(session, before ?? ''));
  assert.deepEqual(late, { refused: 'mac_mismatch' });
});

test('the same on two servers, and where the operator sets it', async (t) => {
  const postgres = await PostgresServer.start({ fast: true });
  t.after(() => postgres.remove());
  const servers = await TwoApplications.open(postgres, { flags: NO_VELOCITY_LIMIT });
  t.after(() => servers.close());
  for (let index = 0; index < ROUNDS; index++) await round((caller) => servers.of(caller), `alice-${index}`);

  const session = await registeredSession(servers.one, 'bob');
  const set = setPassword(servers.two.context, session.userId, 'set-by-operator');
  const challenges = await nonces(servers.one.context, session, PAYMENTS);
  await Promise.all([
    set,
    ...challenges.map(async (challenge, caller) => {
      await new Promise((resolve) => setTimeout(resolve, caller * 4));
      return authorise(servers.of(caller).context, withMac(session, challenge));
    }),
  ]);
  const types = (await entriesOf(servers.one.context, session.userId)).map(({ type }) => type);
  assert.ok(
    !types.slice(types.indexOf('admin.password_changed')).includes('transaction.approved'),
    types.join(),
  );
});
