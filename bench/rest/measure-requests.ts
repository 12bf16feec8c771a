import { connect } from 'node:net';
import type { Child } from '../processes/child.ts';
import type { ServerUsage } from '../processes/usage.ts';
import { Latencies } from '../report/latencies.ts';
import type { Row } from '../report/report.ts';

/**
 * Sends the requests, one at a time on each connection, and measures from this process. The connections take them in turn, as
 * cards are dealt: where their number divides that of the users, a user's requests stay in their order.
 * @throws for an answer that is not right
 */
export async function measureRequests(
  child: Child,
  port: number,
  connections: number,
  requests: readonly string[],
): Promise<Omit<Row, 'name' | 'title'>> {
  const latencies = new Latencies();
  const before = await child.request<ServerUsage>('usage');
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: connections }, (_, connection) => {
      let next = connection;
      const take = () => {
        const request = requests[next];
        next += connections;
        return request;
      };
      return converse(port, take, latencies);
    }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const after = await child.request<ServerUsage>('usage');
  const count = requests.length;
  return {
    operations: count,
    failures: 0,
    firstFailure: undefined,
    operationsPerSecond: count / seconds,
    serverCpuMicros: (after.cpuMicros - before.cpuMicros) / count,
    generatorCpuMicros: (user + system) / count,
    latencyMs: latencies.summary(),
    batch: (after.entries - before.entries) / Math.max(1, after.batches - before.batches),
    eventLoopDelayMs: after.eventLoopDelayMs,
    ratios: {},
  };
}

/** One connection: a request, its answer, the next. */
function converse(port: number, take: () => string | undefined, latencies: Latencies): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let sentAt = 0;
    let text = '';
    const send = () => {
      const request = take();
      if (request === undefined) {
        socket.end();
        return resolve();
      }
      sentAt = performance.now();
      socket.write(request, 'latin1');
    };
    socket.setEncoding('latin1');
    socket.once('connect', send);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the server closed a connection')));
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      if (text.length < end + 4 + length) return;
      const right = text.startsWith('HTTP/1.1 200') && /"valid":true|"status":"approved"/.test(text);
      if (!right) return reject(new Error(`an answer that is not right: ${text}`));
      text = '';
      latencies.add(performance.now() - sentAt);
      send();
    });
  });
}
