/*
 * Goal: a long message on a slow line arrives, while it comes at the slowest rate at least; what stalls, and what anybody else
 * sends slowly, is cut off in a request's time; a few slow senders hold up nobody.
 * Method: the real server with a short time for requests; bodies sent in pieces over bare sockets. The rate is the real one, so
 * that a busy machine is far from it.
 */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { LIMITS } from '../../../src/limits.ts';
import { BodyQuota } from '../../../src/wire/http/body-quota.ts';
import { until } from '../../waiting.ts';
import { testHttp } from './http-fixture.ts';

const REQUEST_TIME_MS = 300;
/** Takes the slowest rate so long that no pause of these tests comes near it. */
const FAST_BYTES = LIMITS.httpLongBodyBytesPerSecondMin * 30;

interface Upload {
  readonly socket: Socket;
  answer(): string;
  ended(): boolean;
}

function upload(base: string, path: string, token: string, length: number): Upload {
  const { port } = new URL(base);
  const socket = connect(Number(port), '127.0.0.1');
  let answer = '';
  let ended = false;
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text;
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    ended = true;
  });
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`,
  );
  return { socket, answer: () => answer, ended: () => ended };
}

test('a message that takes five times a request’s time arrives whole, and is judged', async (t) => {
  const fixture = await testHttp(t, { limits: { requestTimeMs: REQUEST_TIME_MS } });
  const { token } = await fixture.user('alice');
  const sending = upload(fixture.base, '/v1/messages', token, FAST_BYTES + 1_000);
  sending.socket.write('x'.repeat(FAST_BYTES));
  await setTimeout(REQUEST_TIME_MS * 5);
  assert.equal(sending.answer(), '', 'it is waited for');
  sending.socket.write('x'.repeat(1_000));
  await until(() => /message_form_invalid/.test(sending.answer()));
  assert.match(sending.answer(), /^HTTP\/1\.1 422 /);
});

test('one that stalls is cut off, however long it was to be, and so is a slow body of any other route', async (t) => {
  const fixture = await testHttp(t, { limits: { requestTimeMs: REQUEST_TIME_MS } });
  const { token } = await fixture.user('alice');
  const stalled = [
    upload(fixture.base, '/v1/messages', token, 1_000_000),
    upload(fixture.base, '/v1/challenges', token, 1_000),
    // Short as others are: no long body, whatever the route.
    upload(fixture.base, '/v1/messages', token, 1_000),
  ];
  for (const { socket } of stalled) socket.write('{');
  await until(() => stalled.every(({ ended }) => ended()));
  for (const { answer } of stalled) assert.match(answer(), /^HTTP\/1\.1 408 [\s\S]*request_too_slow/);
  const foreign = upload(fixture.base, '/v1/messages', 'nobody', 1_000_000);
  foreign.socket.write('x');
  await until(() => foreign.ended());
  assert.match(foreign.answer(), /^HTTP\/1\.1 401 /);
});

describe('the room for long bodies', () => {
  const MIB = 1_048_576;
  const arriving = (slow: boolean) => {
    const body = { slow, cuts: 0 };
    return { body, arriving: { isSlow: () => body.slow, cut: () => void body.cuts++ } };
  };

  test('slow ones make room for others, the oldest first, and no more of them than needed', () => {
    const quota = new BodyQuota(10 * MIB, 6 * MIB);
    const bodies = [true, true, false].map(arriving);
    for (const [index, each] of bodies.entries()) assert.ok(quota.take(`u${index}`, 3 * MIB, each.arriving));
    const next = arriving(false);
    const release = quota.take('new', 3 * MIB, next.arriving) ?? assert.fail('no room was made');
    assert.deepEqual(
      bodies.map(({ body }) => body.cuts),
      [1, 0, 0],
    );
    assert.equal(quota.total, 9 * MIB);
    release();
    release();
    assert.equal(quota.total, 6 * MIB, 'released once');
  });

  test('nobody is cut off where it would not be enough, or for one’s own second body', () => {
    const quota = new BodyQuota(10 * MIB, 6 * MIB);
    const slow = arriving(true);
    assert.ok(quota.take('a', 3 * MIB, slow.arriving));
    assert.ok(quota.take('b', 6 * MIB, arriving(false).arriving));
    assert.equal(quota.take('c', 6 * MIB, arriving(false).arriving), undefined);
    assert.equal(quota.take('a', 4 * MIB, arriving(false).arriving), undefined);
    assert.equal(slow.body.cuts, 0);
    assert.ok(quota.take('d', 1_000, arriving(false).arriving), 'short ones are not counted');
  });
});
