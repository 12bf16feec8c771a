import { setTimeout } from 'node:timers/promises';
import { activeUsers, echoes, logIns, transactions } from '../tcp/conversations.ts';
import { EchoClient } from '../tcp/echo-client.ts';
import { type Client, type LoadOptions, type LoadResult, Meter } from '../tcp/load.ts';
import { PipelinedClient } from '../tcp/pipelined-client.ts';
import { proveByBoundCode, proveByMac } from '../tcp/transactions.ts';
import { TurnsClient } from '../tcp/turns-client.ts';
import { answerRequests } from './child.ts';

/** Generates loads, one after the other. */

/** Limit for the first answer. */
const ANSWER_TIME_MS = 20_000;

const meter = new Meter();
let clients: Client[] = [];
let nextUser = 1;

function makeClient(options: LoadOptions, index: number): Client {
  const { port, users } = options;
  const userId = (index % users) + 1;
  switch (options.kind) {
    case 'pipelined':
      return new PipelinedClient(options, userId, meter, proveByMac());
    case 'bound_code':
      return new PipelinedClient(options, userId, meter, proveByBoundCode(userId));
    case 'unpipelined':
      return new TurnsClient(port, meter, transactions(userId));
    case 'log_in':
      return new TurnsClient(
        port,
        meter,
        logIns(() => (nextUser++ % users) + 1),
      );
    case 'active_users':
      return new TurnsClient(
        port,
        meter,
        activeUsers(() => (nextUser <= users ? nextUser++ : undefined)),
      );
    case 'echo':
      return new EchoClient(options, meter);
    case 'echo_unpipelined':
      return new TurnsClient(port, meter, echoes(options.lineBytes ?? 1));
  }
}

async function start(options: LoadOptions): Promise<void> {
  nextUser = 1;
  meter.reset();
  clients = Array.from({ length: options.connections }, (_, index) => makeClient(options, index));
  await Promise.all(clients.map((client) => client.start()));
}

/** Counts answers for `ms` from now on. If the machine is too busy for a single answer in that time, waits for one. */
async function measure(ms: number): Promise<LoadResult> {
  meter.reset();
  await setTimeout(ms);
  const patientUntil = performance.now() + ANSWER_TIME_MS;
  while (meter.count === 0 && performance.now() < patientUntil) await setTimeout(10);
  return meter.result();
}

async function stop(): Promise<void> {
  await Promise.all(clients.map((client) => client.stop()));
  clients = [];
}

/** Waits until the clients have finished. */
async function finish(): Promise<LoadResult> {
  while (clients.some((client) => client instanceof TurnsClient && !client.finished)) await setTimeout(20);
  return meter.result();
}

answerRequests({ start, measure, stop, finish });
