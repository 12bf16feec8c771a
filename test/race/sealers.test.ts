/*
 * Goal: sealers of several servers never fork the log, nor seal an entry twice or not at all.
 * Method: two stores on one PostgreSQL, as two servers have them, each with a sealer whose lease is too short for its work,
 * while both append; afterwards every checkpoint that either stored must be a prefix of the last.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { PostgresDatabase } from '../adapters/postgres/database.ts';
import { checkLog, logVault, sealerOn } from '../application/log/log-fixture.ts';
import { registered } from '../contract/chain.ts';
import { PostgresServer } from '../services/postgres.ts';
import { until } from '../waiting.ts';

const ROUNDS = Number(process.env.SELLO_RACE_ROUNDS ?? 40);
/** By then each has had a turn, however the machine shares its time. */
const ROUNDS_MAX = ROUNDS + 4_000;

const server = await PostgresServer.start({ fast: true });
after(() => server.remove());

test('two servers seal by turns under leases that end too early, and there is one log', async (t) => {
  const database = await PostgresDatabase.create(server);
  t.after(() => database.dispose());
  const stores = [await database.open(), await database.open()] as const;
  const vault = await logVault(t);
  const pause = (store: (typeof stores)[number]) => {
    const log = new Proxy(store.log, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (name !== 'seal') return typeof value === 'function' ? value.bind(target) : value;
        return async (seal: Parameters<typeof target.seal>[0]) => {
          await delay(Math.random() * 12);
          return target.seal(seal);
        };
      },
    });
    return { leases: store.leases, log };
  };
  const sealers = stores.map((store) => sealerOn(pause(store), vault, { periodMs: 1, leaseMs: 10 }));
  for (const { sealer } of sealers) sealer.start();
  const chains = await registered(stores[0], 6);
  let entries = 6;
  const bothSealed = () => sealers.every(({ sealed }) => sealed.length > 0);
  for (let round = 0; round < ROUNDS || (!bothSealed() && round < ROUNDS_MAX); round++) {
    const halves = [chains.slice(0, 3), chains.slice(3)];
    const appended = await Promise.all(
      stores.map((store, index) => store.append((halves[index] ?? []).map((chain) => chain.next()))),
    );
    entries += appended.flat().filter((outcome) => outcome === 'appended').length;
    await delay(Math.random() * 5);
  }
  await until(async () => (await stores[0].log.sealedSize()) === entries, { what: 'all is sealed' });
  for (const { sealer } of sealers) await sealer.stop();
  const sealed = sealers.map((one) => one.sealed);
  assert.ok(
    sealed.every((checkpoints) => checkpoints.length > 0),
    'only one of them sealed',
  );
  const sizes = sealed.flat().map(({ size }) => size);
  assert.equal(new Set(sizes).size, sizes.length, 'two checkpoints of one size were stored');
  assert.equal(await checkLog(stores[1], vault, sealed.flat()), entries);
});
