import { createHmac } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Argon2Hasher } from '../../src/adapters/password/argon2.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import { mac } from '../../src/adapters/vault-keys/hmac.ts';
import { openBareJournal } from '../fixtures/bare-journal.ts';
import { PASSWORD } from '../fixtures/identities.ts';
import { answerRequests } from './child.ts';

/** Measures the most that single components can do, each alone in this process. */

export interface LimitResult {
  readonly operations: number;
  readonly elapsedMs: number;
  readonly cpuMicros: number;
}

const SLICE = 2_000;

async function timed(ms: number, operate: () => number | Promise<number>): Promise<LimitResult> {
  await operate();
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  let operations = 0;
  // At least once, however long the machine kept this process waiting.
  do {
    const done = operate();
    operations += typeof done === 'number' ? done : await done;
  } while (performance.now() - startedAt < ms);
  const { user, system } = process.cpuUsage(cpu);
  return { operations, elapsedMs: performance.now() - startedAt, cpuMicros: user + system };
}

/** Commits journal rows like those of transactions by MAC, `batch` per commit, in a file opened as the store opens its own. */
async function commits({
  folder,
  batch,
  ms,
}: {
  folder: string;
  batch: number;
  ms: number;
}): Promise<LimitResult> {
  const journal = await openBareJournal(folder);
  try {
    return await timed(ms, () => {
      journal.commit(batch);
      return batch;
    });
  } finally {
    journal.close();
    await rm(folder, { recursive: true });
  }
}

/** Computes HMAC-SHA256 over as many bytes as a transaction's MAC covers, by createHmac or as the vault does. */
function hmac({ own, ms }: { own: boolean; ms: number }): Promise<LimitResult> {
  const key = Buffer.alloc(32, 7);
  const message = Buffer.alloc(85, 9);
  return timed(ms, () => {
    for (let n = 0; n < SLICE; n++) {
      if (own) mac('sha256', key, message);
      else createHmac('sha256', key).update(message).digest();
    }
    return SLICE;
  });
}

/** Verifies passwords, `parallel` at a time. */
async function argon2({ parallel, ms }: { parallel: number; ms: number }): Promise<LimitResult> {
  const hasher = new Argon2Hasher({ random: systemRandom });
  const phc = await hasher.hash(PASSWORD);
  return timed(ms, async () => {
    await Promise.all(Array.from({ length: parallel }, () => hasher.verify(phc, PASSWORD)));
    return parallel;
  });
}

answerRequests({ commits, hmac, argon2 });
