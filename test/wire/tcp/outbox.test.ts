/*
 * Goal: the outbox writes once per turn, and distinguishes a client that does not read from a slow one.
 * Method: the outbox on the test's own sockets.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { Outbox } from '../../../src/wire/tcp/outbox.ts';
import { until } from '../../waiting.ts';

/** Both ends of a connection, and what the near one was asked to write. */
async function connectPair(t: TestContext): Promise<{ near: Socket; far: Socket; writes: string[] }> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const far = connect({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, host: '127.0.0.1' });
  const [near] = (await once(listener, 'connection')) as [Socket];
  t.after(() => {
    far.destroy();
    near.destroy();
    listener.close();
  });
  const writes: string[] = [];
  const write = near.write.bind(near) as (text: string) => boolean;
  near.write = ((text: string) => {
    writes.push(text);
    return write(text);
  }) as Socket['write'];
  return { near, far, writes };
}

const HOOKS = { now: () => 7, onSent: () => {}, onBuffered: () => {}, onOverflow: () => {} };

test('what one turn answers goes out in one write, however many steps each answer took', async (t) => {
  const { near, writes } = await connectPair(t);
  const outbox = new Outbox(near, 1_000, HOOKS);
  for (let steps = 0; steps < 20; steps++) {
    void (async () => {
      for (let step = 0; step < steps; step++) await undefined;
      outbox.add(`${steps} `);
    })();
  }
  await new Promise(setImmediate);
  assert.deepEqual(writes, [`${Array.from({ length: 20 }, (_, steps) => steps).join(' ')} `]);
});

test('a reader that does not read is slow from the first write that stays, until all is taken', async (t) => {
  const { near, far } = await connectPair(t);
  let sent = 0;
  let overflows = 0;
  const outbox = new Outbox(near, 64 * 1_048_576, {
    now: () => 7,
    onSent: () => sent++,
    onBuffered: () => {},
    onOverflow: () => overflows++,
  });
  far.pause();
  outbox.add('x'.repeat(16 * 1_048_576));
  outbox.flush();
  assert.deepEqual([outbox.slowSince, sent, overflows], [7, 0, 0]);
  far.resume();
  await until(() => sent === 1);
  assert.equal(outbox.slowSince, undefined);
  far.pause();
  outbox.add('x'.repeat(80 * 1_048_576));
  outbox.flush();
  assert.equal(overflows, 1);
});
