/*
 * What the PKCS#11 vault makes of SoftHSM, beside SoftHSM's own limit in the same run; then the server's pipelined load
 * of transactions by MAC on the sealed file and on both custodies, by turns.
 * Run: node_modules/.bin/node bench/softhsm.ts [--json] [--macs]; for a real HSM: --url pkcs11:… --pin-file FILE,
 * on a slot that may be filled.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { parsePkcs11Uri } from '../src/adapters/vault-pkcs11/uri.ts';
import { openPkcs11Vault } from '../src/adapters/vault-pkcs11/vault.ts';
import type { KeyVault, MacRequest } from '../src/ports/key-vault.ts';
import { type SoftHsm, softHsm } from '../test/services/softhsm.ts';
import { Child } from './child.ts';
import { measure as measureLoad } from './loads.ts';
import { CONNECTIONS, SERVER_NODE_OPTIONS, WINDOW } from './sizes.ts';

const USERS = 1_000;
const BATCH = 256;
const TURN_MS = 700;
const TURNS = 5;
const MESSAGE_BYTES = 80;
const SERVER_TURNS = 3;
const SERVER_TIMES = { warmUpMs: 500, measureMs: 1_500 };

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    'pin-file': { type: 'string' },
    json: { type: 'boolean', default: false },
    macs: { type: 'boolean', default: false },
  },
});

interface Figure {
  readonly name: string;
  readonly perSecond: number;
  /** Of this process, all threads: it tells more than the rate does on a machine that has other work. */
  readonly cpuMicros: number;
  /** Of the rate of the HSM's own limit. */
  readonly ratio?: number;
}

interface Rate {
  readonly perSecond: number;
  readonly cpuMicros: number;
}

/** Synchronous calls in a thread that does nothing else: as many HMACs as this HSM gives one thread. */
async function ownLimit(url: string, pin: string, ms: number): Promise<Rate> {
  const { modulePath, slotLabel } = parsePkcs11Uri(url);
  const pkcs11js = createRequire(import.meta.url).resolve('pkcs11js');
  const worker = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads');
     const { PKCS11 } = require(${JSON.stringify(pkcs11js)});
     const { modulePath, slotLabel, pin, ms, users, bytes } = workerData;
     const hsm = new PKCS11();
     hsm.load(modulePath);
     try { hsm.C_Initialize({ flags: 2 }); } catch (error) { if (error.code !== 0x191) throw error; }
     const slot = hsm.C_GetSlotList(true).find((each) => hsm.C_GetTokenInfo(each).label.trim() === slotLabel);
     const session = hsm.C_OpenSession(slot, 6);
     try { hsm.C_Login(session, 1, pin); } catch (error) { if (error.code !== 0x100) throw error; }
     const template = [
       { type: 0, value: 4 }, { type: 1, value: false }, { type: 2, value: true }, { type: 0x100, value: 0x10 },
       { type: 0x161, value: 64 }, { type: 0x108, value: true }, { type: 0x103, value: true }, { type: 0x162, value: false },
     ];
     const keys = Array.from({ length: users }, () => hsm.C_GenerateKey(session, { mechanism: 0x350 }, template));
     const message = Buffer.alloc(bytes, 7), out = Buffer.alloc(64), mechanism = { mechanism: 0x251 };
     let done = 0;
     const until = performance.now() + ms, from = performance.now(), cpu = process.cpuUsage();
     do {
       for (let i = 0; i < 256; i++, done++) {
         hsm.C_SignInit(session, mechanism, keys[done % users]);
         hsm.C_Sign(session, message, out);
       }
     } while (performance.now() < until);
     const { user, system } = process.cpuUsage(cpu);
     parentPort.postMessage({ perSecond: done / (performance.now() - from) * 1000, cpuMicros: (user + system) / done });
     hsm.C_CloseSession(session);`,
    { eval: true, workerData: { modulePath, slotLabel, pin, ms, users: USERS, bytes: MESSAGE_BYTES } },
  );
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  const rate = await new Promise<Rate>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  await ended;
  return rate;
}

async function macRequests(vault: KeyVault, users: number): Promise<MacRequest[]> {
  const keys = Array.from({ length: users }, (_, i) => ({ owner: `mac/${i}`, key: randomBytes(32) }));
  const wrapped = await vault.wrap(keys);
  return keys.map(({ owner }, i) => ({
    owner,
    wrapped: wrapped[i] ?? '',
    algorithm: 'sha256',
    message: randomBytes(MESSAGE_BYTES),
  }));
}

/** As the decider does: while one batch is computed, the next one gathers. */
async function macRate(vault: KeyVault, requests: readonly MacRequest[], ms: number): Promise<Rate> {
  const cpu = process.cpuUsage();
  const from = performance.now();
  const until = from + ms;
  let done = 0;
  let next = 0;
  const lane = async () => {
    while (performance.now() < until) {
      if (next + BATCH > requests.length) next = 0;
      const batch = requests.slice(next, next + BATCH);
      next += BATCH;
      const macs = await vault.computeMacs(batch);
      if (macs.includes(undefined)) throw new Error('a MAC is missing');
      done += macs.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (done / (performance.now() - from)) * 1_000, cpuMicros: (user + system) / done };
}

async function measure(url: string, pin: string): Promise<Figure[]> {
  const open = async (custody: 'hsm' | 'cached', more = {}) =>
    (await openPkcs11Vault({ url, pin, custody, keysAreStored: async () => false, ...more })).vault;
  const inside = await open('hsm');
  const requests = await macRequests(inside, USERS);
  await macRate(inside, requests, TURN_MS);
  // By turns, so that other work on the machine meets both.
  const limits: Rate[] = [];
  const hot: Rate[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    limits.push(await ownLimit(url, pin, TURN_MS));
    hot.push(await macRate(inside, requests, TURN_MS));
  }
  await inside.close();
  const few = await open('hsm', { insideKeysMax: 1 });
  const cold = await macRate(few, requests, TURN_MS);
  await few.close();
  const cached = await open('cached');
  await macRate(cached, requests, TURN_MS);
  const here = await macRate(cached, requests, TURN_MS);
  await cached.close();
  const limit = middleRate(limits);
  const figure = (name: string, rate: Rate) => ({ name, ...rate, ratio: rate.perSecond / limit.perSecond });
  return [
    { name: "the HSM's own limit: HMACs in a bare loop of one thread", ...limit },
    figure('custody hsm, keys inside already', middleRate(hot)),
    figure('custody hsm, each key unwrapped first', cold),
    figure('custody cached, keys in this process', here),
  ];
}

function middleRate(rates: readonly Rate[]): Rate {
  return {
    perSecond: middle(rates.map(({ perSecond }) => perSecond)),
    cpuMicros: middle(rates.map(({ cpuMicros }) => cpuMicros)),
  };
}

function middle(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0;
}

interface Served {
  readonly name: string;
  readonly perSecond: number;
  /** Of the server's process for each transaction. */
  readonly cpuMicros: number;
  /** Of the server on the sealed file, by rate. */
  readonly ratio: number;
}

/** Servers on the same users, each with its keys elsewhere, measured by turns. */
async function serve(url: string, pin: string): Promise<Served[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sello-bench-hsm-'));
  const hsmFlags = { '--vault-url': url, '--vault-pin': pin };
  const kinds = [
    { name: 'sealed file', flags: {} },
    { name: 'custody cached', flags: { ...hsmFlags, '--vault-custody': 'cached' } },
    { name: 'custody hsm', flags: { ...hsmFlags, '--vault-custody': 'hsm' } },
  ];
  const children: Child[] = [];
  const child = (module: string, nodeOptions: readonly string[] = []) => {
    const made = new Child(module, { nodeOptions });
    children.push(made);
    return made;
  };
  try {
    const generator = child('generator');
    const servers = [];
    for (const { name, flags } of kinds) {
      const data = join(folder, name.replace(' ', '-'));
      await mkdir(data, { mode: 0o700 });
      const seed = child('seed');
      await seed.request('seed', { folder: data, users: USERS, tokens: 0, entries: 0, flags });
      await seed.end();
      const server = child('server', SERVER_NODE_OPTIONS);
      const port = await server.request<number>('start', { folder: data, flags });
      servers.push({ name, bench: { server, generator, port }, rates: [] as Rate[] });
    }
    const load = { kind: 'pipelined', connections: CONNECTIONS, window: WINDOW, users: USERS } as const;
    for (let turn = 0; turn < SERVER_TURNS; turn++) {
      for (const { name, bench, rates } of servers) {
        const row = await measureLoad(bench, { name, title: name }, load, SERVER_TIMES);
        if (row.failures > 0) throw new Error(`${name}: ${row.firstFailure}`);
        rates.push({ perSecond: row.operationsPerSecond, cpuMicros: row.serverCpuMicros });
      }
    }
    const file = middleRate(servers[0]?.rates ?? []);
    return servers.map(({ name, rates }) => {
      const rate = middleRate(rates);
      return { name, ...rate, ratio: rate.perSecond / file.perSecond };
    });
  } finally {
    await Promise.all(children.map((each) => each.kill()));
    await rm(folder, { recursive: true, force: true });
  }
}

let own: SoftHsm | undefined;
try {
  let { url } = values;
  let pin = values['pin-file'] === undefined ? '' : readFileSync(values['pin-file'], 'utf8').trim();
  if (url === undefined) {
    own = softHsm();
    own.initSlot('bench');
    url = own.url('bench');
    pin = own.pin;
  }
  const figures = await measure(url, pin);
  const served = values.macs ? [] : await serve(url, pin);
  if (values.json) process.stdout.write(`${JSON.stringify({ macs: figures, transactions: served })}\n`);
  else {
    const line = (unit: string, { name, perSecond, cpuMicros, ratio }: Figure) =>
      `${Math.round(perSecond).toString().padStart(9)} ${unit}/s ${cpuMicros.toFixed(1).padStart(7)} µs of CPU ${(ratio ?? 1).toFixed(2).padStart(6)}  ${name}\n`;
    for (const figure of figures) process.stdout.write(line('MACs', figure));
    for (const figure of served) process.stdout.write(line('transactions', figure));
  }
} finally {
  own?.remove();
}
