/*
 * Goal: guesses from many addresses do not hold up the log-in of someone else.
 * Method: the real application; guesses under as many names from 24 addresses wait before an honest log-in, and are
 * counted as they end. Not timed: how many went before says it on any machine.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PASSWORD, registeredSession, testApplication } from '../services/application.ts';

const ADDRESSES = 24;
const GUESSES_EACH = 6;

test('a user whose address is known logs in before nearly all guesses, a stranger after one of each address', async (t) => {
  const application = await testApplication(t);
  const { logIn, registerUser } = application.services;
  await registeredSession(application, 'alice');
  await registerUser({ username: 'bob', password: PASSWORD, address: '127.0.0.1' });
  let ended = 0;
  const guesses = Array.from({ length: ADDRESSES * GUESSES_EACH }, async (_, n) => {
    const address = `203.0.${n % ADDRESSES}.1`;
    await application.context.passwords.verify(undefined, 'wrong one', { address, known: false });
    ended++;
  });
  const before = await Promise.all(
    ['alice', 'bob'].map(async (username) => {
      const outcome = await logIn({ username, password: PASSWORD, address: '127.0.0.1' });
      assert.ok('session' in outcome, JSON.stringify(outcome));
      return ended;
    }),
  );
  await Promise.all(guesses);
  const [known = 0, stranger = 0] = before;
  assert.ok(known <= ADDRESSES, `${known} guesses ended before a known user`);
  assert.ok(stranger <= 3 * ADDRESSES, `${stranger} guesses ended before a stranger`);
});
