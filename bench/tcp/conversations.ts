import type { UserId } from '../../src/ports/store.ts';
import { PASSWORD, sessionSecretOf, usernameOf } from '../fixtures/identities.ts';
import { isOk } from './load.ts';
import { type Prove, proveByMac } from './transactions.ts';
import type { Conversation, Turn } from './turns-client.ts';

const ASK = '{"accion":"pet_transaccion"}';
const NONCE_AT = '{"status":"OK","nonce":"'.length;
const NONCE_LENGTH = 64;

function resume(userId: UserId): string {
  return `{"accion":"reanudar","sesion":"${sessionSecretOf(userId)}"}`;
}

function transaction(prove: Prove, answer: string): string {
  return `{"accion":"transaccion",${prove(answer.slice(NONCE_AT, NONCE_AT + NONCE_LENGTH))}}`;
}

/** One user's conversation: requests a challenge, sends its transaction, and repeats. */
export function transactions(userId: UserId): Conversation {
  const prove = proveByMac();
  let expected: 'session' | 'nonce' | 'transaction' | undefined;
  return (answer) => {
    const failed = answer !== undefined && !isOk(answer);
    const done = expected === 'transaction' && !failed;
    if (answer === undefined) expected = 'session';
    else if (expected === 'nonce' && !failed) expected = 'transaction';
    else expected = 'nonce';
    if (expected === 'session') return { send: resume(userId) };
    return { send: expected === 'nonce' ? ASK : transaction(prove, answer ?? ''), done, failed };
  };
}

/** A conversation for the next user again and again: resumes the session, requests a challenge, sends its transaction. */
export function activeUsers(nextUser: () => UserId | undefined): Conversation {
  const prove = proveByMac();
  let expected: 'session' | 'nonce' | 'transaction' = 'transaction';
  const next = (turn: Omit<Turn, 'send'>): Turn => {
    expected = 'session';
    const userId = nextUser();
    return { send: userId === undefined ? '' : resume(userId), ...turn };
  };
  return (answer) => {
    if (answer === undefined) return next({});
    if (!isOk(answer)) return next({ failed: true });
    if (expected === 'transaction') return next({ done: true });
    const asks = expected === 'session';
    expected = asks ? 'nonce' : 'transaction';
    return { send: asks ? ASK : transaction(prove, answer) };
  };
}

/** Log-ins by password, each of a different user, because the server serialises log-ins of one name. */
export function logIns(nextUser: () => UserId): Conversation {
  return (answer) => ({
    send: `{"accion":"login","username":"${usernameOf(nextUser())}","password":"${PASSWORD}"}`,
    done: answer !== undefined && isOk(answer),
    failed: answer !== undefined && !isOk(answer),
  });
}

/** Operations of two messages, like those of `transactions`, for the echo server. */
export function echoes(lineBytes: number): Conversation {
  const line = 'x'.repeat(lineBytes - 1);
  let second = false;
  return (answer) => {
    const done = answer !== undefined && second;
    second = answer !== undefined && !second;
    return { send: second ? line : ASK, done };
  };
}
