/*
 * Goal: kill -9 while keys are made or changed leaves a data folder that opens, with every user's keys in it.
 * Method: the real server is killed at random moments of its first start, and of back-to-back rotations while users move
 * money.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionLost } from '../../src/client/tcp-client.ts';
import { StoreUnavailable } from '../../src/domain/errors.ts';
import { askOperator } from '../../src/operator/client.ts';
import { findOperatorPath } from '../../src/operator/socket-path.ts';
import { temporaryFolder } from '../services/application.ts';
import { Customer, expectOk } from './customer.ts';
import { readJournal } from './journal.ts';
import { runServer, ServerProcess } from './server-process.ts';

const FIRST_STARTS = 8;
const KILLS = 8;
const USERS = 20;

test(`killed ${FIRST_STARTS} times during its first start`, async (t) => {
  let afterVault = 0;
  for (let n = 0; n < FIRST_STARTS; n++) {
    const folder = await temporaryFolder(t);
    const starting = ServerProcess.launch({ folder });
    t.after(() => starting.kill());
    await delay(120 + Math.random() * 450);
    await starting.kill();
    if (starting.stdout !== '') afterVault++;
    const server = await runServer(t, { folder });
    await new Customer('alice').arrive(await server.connect());
    await server.kill();
  }
  t.diagnostic(`${FIRST_STARTS} first starts killed, ${afterVault} of them when it was listening`);
});

test(`killed ${KILLS} times while keys are rotated`, async (t) => {
  const folder = await temporaryFolder(t);
  let server = await ServerProcess.start({ folder });
  t.after(() => server.kill());
  const customers = Array.from({ length: USERS }, (_, n) => new Customer(`user${n}`));
  for (const customer of customers) await customer.arrive(await server.connect());
  let rotations = 0;
  let sent = 0;

  for (let kill = 0; kill < KILLS; kill++) {
    const path = findOperatorPath(folder);
    assert.ok(path);
    let alive = true;
    const rotating = (async () => {
      while (alive) {
        try {
          const answer = await askOperator(path, { command: 'keys.rotate', arguments: { keep_old: false } });
          if (!answer) return;
          assert.ok(answer.ok, JSON.stringify(answer));
          rotations++;
        } catch (error) {
          assert.ok(error instanceof StoreUnavailable || !alive, String(error));
        }
      }
    })();
    const moving = customers.map(async (customer) => {
      try {
        while (alive) {
          if (customer.noncesLeft === 0) await customer.fetchNonces(16);
          expectOk(await customer.send({ data: `CuentaA,P${sent++},0.01` }));
        }
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
      }
    });
    await delay(20 + Math.random() * 150);
    alive = false;
    await server.kill();
    await Promise.all([rotating, ...moving]);
    server = await ServerProcess.start({ folder });
    // Every key opens: what was rotated in part is whole in the one version or the other.
    await Promise.all(
      customers.map(async (customer) => {
        await customer.resume(await server.connect());
        await customer.fetchNonces(1);
        expectOk(await customer.send({ data: `CuentaA,P${sent++},0.01` }));
      }),
    );
  }
  const path = findOperatorPath(folder);
  assert.ok(path);
  const last = await askOperator(path, { command: 'keys.rotate', arguments: { keep_old: false } });
  assert.ok(last?.ok);
  const { damaged, old_destroyed: destroyed } = last.result as Readonly<Record<string, unknown>>;
  assert.deepEqual([damaged, destroyed], [0, true], 'what was left behind is cleared');
  await server.stop();
  const journal = await readJournal(folder);
  assert.ok(journal.every(({ reason }) => reason !== 'mac_mismatch'));
  t.diagnostic(`${KILLS} kills, ${rotations} rotations finished, ${sent} transfers, no key lost`);
});
