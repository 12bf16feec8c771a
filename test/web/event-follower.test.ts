import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { EventFollower, type StreamState } from '../../web/src/api/event-follower.ts';
import type { ServerEvent } from '../../web/src/api/event-parser.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Starts a server that answers each connection by the next of these answers, and then always by the last. */
async function streams(t: TestContext, ...answers: readonly Answer[]) {
  const asked: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(request);
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/events`, asked };
}

const stream =
  (text: string, end = false): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text);
    if (end) response.end();
  };

function follow(t: TestContext, url: string, bounds: { readonly silenceMsMax?: number } = {}) {
  const events: ServerEvent[] = [];
  const states: StreamState[] = [];
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const look of waiting) look();
  };
  const follower = new EventFollower({
    url,
    headers: () => ({ authorization: 'Bearer abc' }),
    onEvent: (event) => {
      events.push(event);
      changed();
    },
    onState: (state) => {
      states.push(state);
      changed();
    },
    waitMsMin: 1,
    waitMsMax: 5,
    ...bounds,
  });
  t.after(() => follower.stop());
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!holds()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { follower, events, states, until };
}

test('a broken stream is resumed after the last complete event', async (t) => {
  const { url, asked } = await streams(
    t,
    stream('id: 1\ndata: a\n\nid: 2\ndata: half', true),
    stream('id: 2\ndata: b\n\n'),
  );
  const { events, states, until } = follow(t, url);
  await until(() => events.length === 2);
  assert.deepEqual(
    events.map(({ data }) => data),
    ['a', 'b'],
  );
  assert.deepEqual(states, ['connecting', 'open', 'lost', 'open']);
  assert.equal(asked[0]?.headers['last-event-id'], undefined);
  assert.equal(asked[1]?.headers['last-event-id'], '1');
  assert.equal(asked[1]?.headers.authorization, 'Bearer abc');
});

test('an unreachable or busy server is asked again', async (t) => {
  const { url } = await streams(
    t,
    (_request, response) => response.destroy(),
    (_request, response) => response.writeHead(503, { 'retry-after': '0' }).end(),
    stream('id: 1\ndata: a\n\n'),
  );
  const { events, states, until } = follow(t, url);
  await until(() => events.length === 1);
  assert.deepEqual(states, ['connecting', 'lost', 'open']);
});

test('a session that has ended is not asked for again', async (t) => {
  const { url, asked } = await streams(t, (_request, response) => response.writeHead(401).end());
  const { states, until } = follow(t, url);
  await until(() => states.includes('ended'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(asked.length, 1);
});

test('a connection on which nothing is heard counts as lost', async (t) => {
  const { url, asked } = await streams(t, stream(': hello\n\n'));
  const { until } = follow(t, url, { silenceMsMax: 30 });
  await until(() => asked.length >= 2);
});

test('what was stopped connects no more', async (t) => {
  const { url, asked } = await streams(t, stream(': hello\n\n', true));
  const { follower, until } = follow(t, url);
  await until(() => asked.length >= 1);
  follower.stop();
  await new Promise((resolve) => setTimeout(resolve, 30));
  const before = asked.length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(asked.length, before);
});
