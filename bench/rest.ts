import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { boundCode } from '../src/domain/otp/bound-code.ts';
import { boundQuestion } from '../src/domain/transaction.ts';
import { LIMITS } from '../src/limits.ts';
import { Child } from './child.ts';
import { REST_TRANSFER, type RestStage, type RestUser } from './rest-stage.ts';

export interface RestRow {
  readonly what: 'bare' | 'validation' | 'approval';
  readonly connections: number;
  readonly requests: number;
  readonly perSecond: number;
  /** Of the server's process. */
  readonly cpuMicrosPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the bare route's requests a second at as many connections. */
  readonly ofBare: number;
}

export interface RestOptions {
  /** For the data, on the disk that is measured. */
  readonly folder: string;
  readonly connections: readonly number[];
  readonly users: number;
  readonly requests: number;
  readonly onStep?: (step: string) => void;
}

/**
 * `POST /v1/codes/validation` and approvals, each with a bound code of its own and committed durably, one request at a
 * time on each connection, beside a bare Fastify route of the same schema. The generator is this process.
 */
export async function measureRest(options: RestOptions): Promise<readonly RestRow[]> {
  const { folder, users, requests, onStep = () => {} } = options;
  const bare = new Child('rest-server');
  const server = new Child('rest-server');
  const rows: RestRow[] = [];
  let waiting: RestUser['pending'][] = [];
  try {
    const { port: barePort } = await bare.request<{ port: number }>('startBare');
    onStep(`making ${users} users`);
    const stage = await server.request<RestStage>('start', { folder, users });
    for (const connections of options.connections) {
      const count = Math.min(requests, connections * 2_000);
      onStep(`${connections} connections`);
      const validations = await validationsOf(stage, count);
      const bareRun = await measure(bare, barePort, connections, validations);
      rows.push({ what: 'bare', connections, ...bareRun, ofBare: 1 });
      const run = await measure(server, stage.port, connections, validations);
      rows.push({ what: 'validation', connections, ...run, ofBare: run.perSecond / bareRun.perSecond });
      const filled = await server.request<readonly RestUser['pending'][]>('refill');
      waiting = filled.map((more, index) => [...(waiting[index] ?? []), ...more]);
      const used = Math.floor(Math.min(count, users * LIMITS.pendingTransactionsPerUserMax) / users);
      const approvals = approvalsOf(
        stage,
        waiting.map((of) => of.slice(0, used)),
      );
      waiting = waiting.map((of) => of.slice(used));
      const approved = await measure(server, stage.port, connections, approvals);
      rows.push({
        what: 'approval',
        connections,
        ...approved,
        ofBare: approved.perSecond / bareRun.perSecond,
      });
    }
    await Promise.all([bare.request('stop'), server.request('stop')]);
    return rows;
  } finally {
    await Promise.all([bare.kill(), server.kill()]);
  }
}

function hmac(algorithm: string, key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac(algorithm, key).update(message).digest();
}

function codeOver(seed: Uint8Array, challenge: string): string {
  return boundCode(hmac, seed, boundQuestion({ ...REST_TRANSFER, challenge, v: 1 }), Date.now());
}

function requestOf(path: string, token: string, body: object): string {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

async function validationsOf({ port, key, users }: RestStage, count: number): Promise<string[]> {
  const made: string[] = [];
  while (made.length < count) {
    const response = await fetch(`http://127.0.0.1:${port}/v1/challenges`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ count: Math.min(1_024, count - made.length) }),
    });
    const { challenges } = (await response.json()) as { challenges: { nonce: string }[] };
    for (const { nonce: challenge } of challenges) {
      const user = users[made.length % users.length];
      if (!user) throw new Error('no users');
      const transaction = { ...REST_TRANSFER, challenge };
      const body = { username: user.username, code: codeOver(user.seed, challenge), transaction };
      made.push(requestOf('/v1/codes/validation', key, body));
    }
  }
  return made;
}

/** Of one user after the other, so that a batch is of many. */
function approvalsOf({ users }: RestStage, pending: readonly RestUser['pending'][]): string[] {
  const made: string[] = [];
  for (let turn = 0; pending.some((of) => of.length > turn); turn++) {
    for (const [index, user] of users.entries()) {
      const one = pending[index]?.[turn];
      if (!one) continue;
      const path = `/v1/transactions/${one.id}/approval`;
      made.push(requestOf(path, user.accessToken, { code: codeOver(user.seed, one.challenge) }));
    }
  }
  return made;
}

async function measure(child: Child, port: number, connections: number, requests: readonly string[]) {
  const latencies: number[] = [];
  let next = 0;
  const cpuBefore = await child.request<number>('cpuMicros');
  const startedAt = performance.now();
  const take = () => requests[next++];
  await Promise.all(Array.from({ length: connections }, () => converse(port, take, latencies)));
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = (await child.request<number>('cpuMicros')) - cpuBefore;
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    cpuMicrosPerRequest: cpu / latencies.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

/** One connection: a request, its answer, the next. */
function converse(port: number, take: () => string | undefined, latencies: number[]): Promise<void> {
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
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      if (text.length < end + 4 + length) return;
      const right = text.startsWith('HTTP/1.1 200') && /"valid":true|"status":"approved"/.test(text);
      if (!right) return reject(new Error(`an answer that is not right: ${text}`));
      text = '';
      latencies.push(performance.now() - sentAt);
      send();
    });
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = await mkdtemp(join(process.env.BENCH_FOLDER ?? tmpdir(), 'sello-rest-'));
  try {
    const onStep = (step: string) => process.stderr.write(`${step}\n`);
    const rows = await measureRest({
      folder,
      connections: [1, 16, 64],
      users: 512,
      requests: 16_000,
      onStep,
    });
    console.table(
      rows.map((row) => ({
        ...row,
        perSecond: Math.round(row.perSecond),
        cpuMicrosPerRequest: Math.round(row.cpuMicrosPerRequest),
        p50Ms: row.p50Ms.toFixed(2),
        p99Ms: row.p99Ms.toFixed(2),
        ofBare: row.ofBare.toFixed(2),
      })),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
