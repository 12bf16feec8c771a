/*
 * Measures the PKCS#11 vault on SoftHSM, beside SoftHSM's own limit in the same run. To run it alone, with servers on
 * it: node_modules/.bin/node bench/softhsm.ts [--quick]. For a real HSM, on a slot that may be filled:
 * --url pkcs11:… --pin-file FILE
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { openPkcs11Vault } from '../src/adapters/vault-pkcs11/open-pkcs11-vault.ts';
import { parsePkcs11Uri } from '../src/adapters/vault-pkcs11/pkcs11-uri.ts';
import type { KeyVault, MacRequest } from '../src/ports/key-vault.ts';
import { softHsm } from '../test/services/softhsm.ts';
import type { MissingPart, Part } from './backends/backend.ts';
import { middleRate, type OwnRate, ownLimit, ownRate, ownRow } from './backends/in-process-load.ts';
import { runAlone } from './backends/run-alone.ts';
import type { Findings } from './report/findings.ts';

const BATCH = 256;
const MESSAGE_BYTES = 80;
/** Concurrent callers, as with the decider: while one batch is computed, the next one gathers. */
const LANES = 3;
/** Turns before the first that counts. They unwrap every key once and let the thread's code be compiled. */
const WARM_UP_TURNS = 5;

interface Slot {
  readonly url: string;
  readonly pin: string;
}

/** Measures the HMACs that this HSM gives one thread that makes synchronous calls and nothing else. */
async function limitOf({ url, pin }: Slot, keys: number, ms: number): Promise<OwnRate> {
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
     const none = { p50: 0, p99: 0, p999: 0, max: 0 };
     parentPort.postMessage({ operations: done, elapsedMs: performance.now() - from, cpuMicros: user + system, latencyMs: none });
     hsm.C_CloseSession(session);`,
    { eval: true, workerData: { modulePath, slotLabel, pin, ms, users: keys, bytes: MESSAGE_BYTES } },
  );
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  const rate = await new Promise<OwnRate>((resolve, reject) => {
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

function macRate(vault: KeyVault, requests: readonly MacRequest[], ms: number): Promise<OwnRate> {
  const batch = Math.min(BATCH, requests.length);
  let next = 0;
  return ownRate(ms, LANES, async () => {
    if (next + batch > requests.length) next = 0;
    const macs = await vault.computeMacs(requests.slice(next, next + batch));
    next += batch;
    if (macs.includes(undefined)) throw new Error('a MAC is missing');
    await new Promise((resolve) => setImmediate(resolve));
    return macs.length;
  });
}

async function measureMacs(findings: Findings, slot: Slot): Promise<void> {
  const { users, ownTurns, ownMs } = findings.options.sizes.parts;
  const open = async (custody: 'hsm' | 'cached', more = {}) =>
    (await openPkcs11Vault({ ...slot, custody, hadVault: async () => false, ...more })).vault;
  const inside = await open('hsm');
  const requests = await macRequests(inside, users);
  await macRate(inside, requests, WARM_UP_TURNS * ownMs);
  // By turns, so that other work on the machine affects both alike.
  const limits: OwnRate[] = [];
  const hot: OwnRate[] = [];
  for (let turn = 0; turn < ownTurns; turn++) {
    limits.push(await limitOf(slot, Math.min(users, 1_000), ownMs));
    hot.push(await macRate(inside, requests, ownMs));
  }
  await inside.close();
  const few = await open('hsm', { sessionKeysMax: 1 });
  const cold = await macRate(few, requests, ownMs);
  await few.close();
  const cached = await open('cached');
  await macRate(cached, requests, WARM_UP_TURNS * ownMs);
  const here = await macRate(cached, requests, ownMs);
  await cached.close();
  const rows = [
    ownRow(
      { name: 'hsm_macs_inside', title: 'MACs, custody hsm, keys inside already' },
      middleRate(hot),
      BATCH,
    ),
    ownRow({ name: 'hsm_macs_unwrapped', title: 'MACs, custody hsm, each key unwrapped first' }, cold, BATCH),
    ownRow({ name: 'hsm_macs_cached', title: 'MACs, custody cached, keys in this process' }, here, BATCH),
  ];
  findings.rows.push(...rows);
  const limit = { name: 'hsm_macs', title: "the HSM's own limit: HMACs in a bare loop of one thread" };
  findings.addLimit(
    ownLimit(limit, middleRate(limits)),
    rows.map(({ name }) => name),
  );
}

/** Creates a slot of SoftHSM for this run, if SoftHSM is installed. */
export async function openHsmPart(findings: Findings): Promise<Part | MissingPart> {
  findings.options.onStep('HSM: a slot of SoftHSM');
  try {
    const hsm = softHsm();
    try {
      hsm.initSlot('bench');
      return partOn(findings, { url: hsm.url('bench'), pin: hsm.pin }, () => hsm.remove());
    } catch (error) {
      hsm.remove();
      throw error;
    }
  } catch (error) {
    return { title: 'HSM (PKCS#11)', missing: (error as Error).message };
  }
}

function partOn(findings: Findings, slot: Slot, remove: () => void): Part {
  const folder = mkdtempSync(join(tmpdir(), 'sello-bench-'));
  const pinFile = join(folder, 'pin');
  writeFileSync(pinFile, slot.pin, { mode: 0o600 });
  const flags = { '--vault-url': slot.url, '--vault-pin-file': pinFile };
  const title = 'by MAC, pipelined, keys in the HSM, custody';
  return {
    servers: [
      { name: 'hsm_cached', title: `${title} cached`, flags: { ...flags, '--vault-custody': 'cached' } },
      { name: 'hsm_inside', title: `${title} hsm`, flags: { ...flags, '--vault-custody': 'hsm' } },
    ],
    measure: async () => {
      findings.options.onStep('HSM: MACs beside its own limit');
      await measureMacs(findings, slot);
    },
    close: async () => {
      rmSync(folder, { recursive: true, force: true });
      remove();
    },
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: { url: { type: 'string' }, 'pin-file': { type: 'string' }, quick: { type: 'boolean' } },
  });
  const { url, 'pin-file': pinFile } = values;
  if (url === undefined || pinFile === undefined) await runAlone([openHsmPart]);
  else {
    const slot = { url, pin: readFileSync(pinFile, 'utf8').trim() };
    await runAlone([async (findings) => partOn(findings, slot, () => undefined)]);
  }
}
