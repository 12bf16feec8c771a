/*
 * Goal: whatever happens to a sealer, there is one log, and it continues.
 * Method: sealers on a real SQLite store and a real vault, turned by hand; what they do is interrupted between its steps.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { HashingThread } from '../../../src/adapters/log-hashing/hashing-thread.ts';
import { LogNotOurs } from '../../../src/application/log/sealer.ts';
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { LogStore } from '../../../src/ports/log-store.ts';
import type { Store } from '../../../src/ports/store.ts';
import { fastFolder, SqliteFolder } from '../../adapters/sqlite/folder.ts';
import { type Chain, registered } from '../../contract/chain.ts';
import { StoppedClock } from '../../services/application.ts';
import { until } from '../../waiting.ts';
import { checkLog, logVault, sealerOn } from './log-fixture.ts';

async function logStore(t: TestContext): Promise<{ store: Store; folder: SqliteFolder }> {
  const folder = new SqliteFolder(fastFolder());
  t.after(() => folder.dispose());
  return { store: await folder.open(), folder };
}

/** `count` more entries of the chains. */
async function append(store: Store, chains: readonly Chain[], count: number): Promise<void> {
  const batch = Array.from({ length: count }, (_, n) => (chains[n % chains.length] as Chain).next());
  for (let at = 0; at < count; at += 1_000) await store.append(batch.slice(at, at + 1_000));
}

/** The store with another `seal`. */
function withSeal(store: Store, seal: LogStore['seal']): Pick<Store, 'leases' | 'log'> {
  const log = new Proxy(store.log, {
    get(target, name) {
      const value = name === 'seal' ? seal : Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { leases: store.leases, log };
}

test('an empty log has a checkpoint too; then one follows where entries came, and only there', async (t) => {
  const { store } = await logStore(t);
  const vault = await logVault(t);
  const { sealer, sealed } = sealerOn(store, vault);
  assert.equal(await sealer.seal(), true);
  assert.equal(await checkLog(store, vault, sealed), 0);
  await sealer.seal();
  assert.equal(sealed.length, 1);
  const chains = await registered(store, 3);
  await sealer.seal();
  await append(store, chains, 700);
  await sealer.seal();
  await sealer.seal();
  assert.deepEqual(
    sealed.map(({ size }) => size),
    [0, 3, 703],
  );
  assert.equal(await checkLog(store, vault, sealed), 703);
  assert.ok(sealer.isSealing);
});

test('entries of before the log are sealed in parts, the same as if they were sealed one by one', async (t) => {
  const { store, folder } = await logStore(t);
  const vault = await logVault(t);
  const chains = await registered(store, 100);
  await append(store, chains, LIMITS.logEntriesPerCheckpointMax + 5_000);
  await store.close();
  // Opened anew, the store reads the hashes from its file.
  const reopened = await folder.open();
  const { sealer, sealed } = sealerOn(reopened, vault);
  await sealer.seal();
  assert.deepEqual(
    sealed.map(({ size }) => size),
    [LIMITS.logEntriesPerCheckpointMax, LIMITS.logEntriesPerCheckpointMax + 5_100],
  );
  assert.equal(await checkLog(reopened, vault, sealed), LIMITS.logEntriesPerCheckpointMax + 5_100);
});

test('by itself it seals each period while entries arrive, and the rest when it stops', async (t) => {
  const { store } = await logStore(t);
  const vault = await logVault(t);
  const { sealer, sealed, errors } = sealerOn(store, vault, { periodMs: 5 });
  sealer.start();
  const chains = await registered(store, 5);
  await until(() => sealed.at(-1)?.size === 5);
  await append(store, chains, 40);
  await sealer.stop();
  assert.equal(sealed.at(-1)?.size, 45);
  assert.equal(await checkLog(store, vault, sealed), 45);
  assert.deepEqual(errors, []);
  assert.ok((await sealerOn(store, vault).sealer.seal()) === true, 'the lease was given back');
});

test('while one holds the lease, others seal nothing', async (t) => {
  const { store } = await logStore(t);
  const vault = await logVault(t);
  const [first, second] = [sealerOn(store, vault), sealerOn(store, vault)];
  const chains = await registered(store, 5);
  assert.equal(await first.sealer.seal(), true);
  await append(store, chains, 5);
  assert.equal(await second.sealer.seal(), false);
  assert.deepEqual(second.sealed, []);
  await first.sealer.stop();
  await append(store, chains, 5);
  assert.equal(await second.sealer.seal(), true);
  assert.equal(await checkLog(store, vault, [...first.sealed, ...second.sealed]), 15);
});

test('a lease lost between signature and commit forks nothing: the late checkpoint is refused', async (t) => {
  const { store } = await logStore(t);
  const vault = await logVault(t);
  const chains = await registered(store, 5);
  let overtaken = 0;
  const outcomes: string[] = [];
  const slow = withSeal(store, async (seal) => {
    if (overtaken++ === 0) {
      // The holder is paused here for longer than its lease lasts; another takes over and seals more.
      await until(async () => (await second.sealer.seal()) && second.sealed.length > 0);
      await append(store, chains, 300);
      await second.sealer.seal();
    }
    const outcome = await store.log.seal(seal);
    outcomes.push(outcome);
    return outcome;
  });
  const second = sealerOn(store, vault, { leaseMs: 60 });
  const first = sealerOn(slow, vault, { leaseMs: 20 });
  await first.sealer.seal();
  assert.equal(outcomes[0], 'lease_lost', 'a checkpoint of a lost lease was stored');
  await append(store, chains, 10);
  await until(() => first.sealer.seal());
  assert.equal(await checkLog(store, vault, [...first.sealed, ...second.sealed]), 315);
});

test('a commit whose answer is lost is read from the store, not repeated', async (t) => {
  const { store } = await logStore(t);
  const vault = await logVault(t);
  const chains = await registered(store, 5);
  let lost = 0;
  const flaky = withSeal(store, async (seal) => {
    const outcome = await store.log.seal(seal);
    if (lost++ < 2) throw new StoreUnavailable('the connection was lost');
    return outcome;
  });
  const { sealer, sealed, errors } = sealerOn(flaky, vault, { periodMs: 5 });
  sealer.start();
  await until(() => errors.length >= 1);
  await append(store, chains, 20);
  await until(async () => errors.length >= 2 && (await store.log.sealedSize()) === 25);
  await append(store, chains, 20);
  await until(() => sealed.at(-1)?.size === 45);
  await sealer.stop();
  assert.ok(errors.every((error) => error instanceof StoreUnavailable));
  assert.equal(await checkLog(store, vault, sealed), 45);
});

test('another vault’s key, or a damaged end of the log, is never sealed on', async (t) => {
  const { store, folder } = await logStore(t);
  const vault = await logVault(t);
  const chains = await registered(store, 300);
  const first = sealerOn(store, vault);
  await first.sealer.seal();
  await first.sealer.stop();
  await append(store, chains, 1);
  const other = sealerOn(store, await logVault(t));
  await assert.rejects(other.sealer.seal(), (error) => {
    assert.ok(error instanceof LogNotOurs);
    return /another key/.test(error.message);
  });
  await other.sealer.stop();
  await store.close();
  const { DatabaseSync } = await import('node:sqlite');
  for (const [spoil, message] of [
    [
      "UPDATE log_checkpoints SET edge = cast(x'00' || substr(edge, 2) as blob)",
      /hashes at the end of the log/,
    ],
    ['UPDATE log_checkpoints SET edge = substr(edge, 33)', /does not fit its size/],
    ["UPDATE log_checkpoints SET note = replace(note, char(10) || '300', char(10) || '301')", /damaged/],
  ] as const) {
    const database = new DatabaseSync(folder.path);
    const before = database.prepare('SELECT * FROM log_checkpoints').get();
    database.exec(spoil);
    database.close();
    const spoiled = await folder.open();
    const { sealer, sealed } = sealerOn(spoiled, vault);
    await assert.rejects(sealer.seal(), (error) => {
      assert.ok(error instanceof LogNotOurs);
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(sealed, []);
    await sealer.stop().catch(() => undefined);
    await spoiled.close();
    const mend = new DatabaseSync(folder.path);
    mend
      .prepare('UPDATE log_checkpoints SET note = ?, edge = ?')
      .run(String(before?.note), before?.edge as Uint8Array);
    mend.close();
  }
  const mended = await folder.open();
  const last = sealerOn(mended, vault);
  await last.sealer.seal();
  assert.equal(await checkLog(mended, vault, [...first.sealed, ...last.sealed]), 301);
});

test('a log goes on under another name, and clocks that jump change nothing but the time that is shown', async (t) => {
  const { store } = await logStore(t);
  const vault = await logVault(t);
  const chains = await registered(store, 5);
  const clock = new StoppedClock();
  const first = sealerOn(store, vault, { clock });
  await first.sealer.seal();
  clock.advance(-86_400_000_000);
  await append(store, chains, 5);
  await first.sealer.seal();
  clock.advance(1e13);
  await append(store, chains, 5);
  await first.sealer.seal();
  await first.sealer.stop();
  await append(store, chains, 5);
  const renamed = sealerOn(store, vault, { origin: 'bank.example/log' });
  await renamed.sealer.seal();
  assert.match(renamed.sealed[0]?.note ?? '', /^bank\.example\/log\n20\n/);
  assert.equal(await checkLog(store, vault, [...first.sealed, ...renamed.sealed]), 20);
});

test('the thread hashes as the process itself does, and is started anew after it ended', async () => {
  const thread = new HashingThread();
  const { EMPTY_EDGE } = await import('../../../src/domain/log/tree-edge.ts');
  const entries = new Uint8Array(32 * 2_000).map((_, index) => index % 251);
  const inOne = await thread.append(EMPTY_EDGE, Uint8Array.from(entries));
  await thread.close();
  let edge = EMPTY_EDGE;
  let root = new Uint8Array();
  for (let at = 0; at < entries.length; at += 32 * 200) {
    const part = await thread.append(edge, entries.slice(at, at + 32 * 200));
    edge = part.edge;
    root = Uint8Array.from(part.root);
  }
  assert.deepEqual(edge, inOne.edge);
  assert.deepEqual(root, Uint8Array.from(inOne.root));
  assert.equal((await thread.append(edge, Uint8Array.from(entries))).edge.size, 4_000);
  await thread.close();
});
