/*
 * Goal: a server starts while its HSM is away and recovers by itself; a wrong PIN is tried once, even if the HSM returns
 * later; a first start needs its HSM. Method: the real server on SoftHSM, whose tokens the test removes, behind a library
 * that counts log-ins.
 */
import assert from 'node:assert/strict';
import { after, describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '../../src/limits.ts';
import { temporaryFolder } from '../services/application.ts';
import { faultyHsm } from '../services/faulty-hsm.ts';
import { softHsm } from '../services/softhsm.ts';
import { until } from '../waiting.ts';
import { Customer, expectOk } from './customer.ts';
import { httpAddress } from './http-address.ts';
import { runServer, type ServerOptions, ServerProcess } from './server-process.ts';

const hsm = softHsm();
const faulty = faultyHsm(hsm);
after(() => hsm.remove());
hsm.initSlot('away');

function optionsOf(folder: string, keys: string, pin = hsm.pin, label = 'away'): ServerOptions {
  return {
    folder,
    flags: { '--vault-url': hsm.url(label, keys, faulty.modulePath) },
    environment: { ...faulty.environment, SELLO_VAULT_PIN: pin },
  };
}

/** A server that had its HSM and a customer, and was stopped. */
async function served(t: TestContext, keys: string) {
  const folder = await temporaryFolder(t);
  const server = await runServer(t, optionsOf(folder, keys));
  const alice = new Customer('alice');
  await alice.arrive(await server.connect());
  await server.stop();
  return { folder, alice };
}

describe('a start while the HSM is away', { concurrency: false }, () => {
  test('it serves requests that need no HSM, and all others when the HSM is back', async (t) => {
    const { folder, alice } = await served(t, 'a');
    hsm.hide();
    const server = await runServer(t, optionsOf(folder, 'a'));
    await server.logged(/started without the key vault/);
    const base = await httpAddress(server);
    const ready = async () => (await fetch(`${base}/readyz`)).status;
    assert.equal(await ready(), 503);
    assert.equal((await fetch(`${base}/healthz`)).status, 200);
    alice.use(await server.connect());
    await alice.logIn();
    const refused = await alice.client.request({ accion: 'pet_transaccion' });
    assert.equal(refused.error, 'unavailable');
    hsm.show();
    await until(async () => (await ready()) === 200, { said: () => server.stderr });
    await alice.fetchNonces(1);
    expectOk(await alice.send({ data: 'CuentaA,P,1.00' }));
    assert.equal((await server.stop()).code, 0);
  });

  test('a wrong PIN is tried once when the HSM is back, and never again', async (t) => {
    const { folder, alice } = await served(t, 'b');
    hsm.hide();
    const server = await runServer(t, optionsOf(folder, 'b', '9999'));
    await server.logged(/started without the key vault/);
    const before = faulty.logIns();
    hsm.show();
    await server.logged(
      /refused the PIN \(CKR_PIN_INCORRECT\).*it is not tried again: mend this, then restart/,
    );
    await delay(3 * LIMITS.vaultReconnectMsMax);
    alice.use(await server.connect());
    await alice.logIn();
    assert.equal((await alice.client.request({ accion: 'pet_transaccion' })).error, 'unavailable');
    assert.equal(faulty.logIns() - before, 1);
    assert.doesNotMatch(server.stderr, /9999/);
    assert.equal((await server.stop()).code, 0);
    // At a start it is refused at once.
    const { code, text } = await ServerProcess.launch(optionsOf(folder, 'b', '9999')).refusal();
    assert.equal(code, 2, 'with which no supervisor starts it again');
    assert.match(text, /refused the PIN/);
    assert.equal(faulty.logIns() - before, 2);
    // The right one, before one more wrong one locks the slot.
    await (await runServer(t, optionsOf(folder, 'b'))).stop();
  });

  test('a first start, which makes the keys, and a slot of another name are refused', async (t) => {
    const { folder } = await served(t, 'c');
    const other = await ServerProcess.launch(optionsOf(folder, 'c', hsm.pin, 'awry')).refusal();
    assert.equal(other.code, 3);
    assert.match(other.text, /no slot labelled "awry" \(it has: away\)/);
    hsm.hide();
    const first = await ServerProcess.launch(optionsOf(await temporaryFolder(t), 'd')).refusal();
    hsm.show();
    assert.equal(first.code, 3);
    assert.match(first.text, /vault_url: the HSM /);
  });
});
