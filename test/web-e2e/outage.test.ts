/*
 * Goal: during an outage the pages say so, show what they have, lose nothing and recover by themselves; they say when a
 * transaction or session is over; an upgrade reaches a token that is installed on a phone.
 * Method: as in payment.test.ts; kill -9 of the server and of the vault's process, a server whose challenges last seconds,
 * and a server run from a copy of this tree whose pages are exchanged for newer ones.
 */
import assert from 'node:assert/strict';
import { cp, readdir, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ROOT } from '../docs/machine.ts';
import { temporaryFolder } from '../services/application.ts';
import { startChromium, untilInPage } from '../services/chromium.ts';
import { callerFlags, runVault } from '../services/vault.ts';
import { until } from '../waiting.ts';
import { newCustomer } from './customer.ts';
import { runSello } from './sello.ts';
import { PIN } from './token.ts';

/** Messages of the browser about a server that is unreachable or unavailable. */
const GONE: readonly RegExp[] = [
  /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_NETWORK/,
  /status of 503/,
];
const chromium = await startChromium({ after });

describe('outages', { concurrency: 2 }, () => {
  test('the server is killed in the middle: both pages say so and recover; nothing is lost, nothing done twice', async (t) => {
    const sello = await runSello(t);
    const { bank, token, desk, leave } = await newCustomer(chromium, sello, 'alice', { expected: GONE });
    const id = await bank.transfer({ payee: 'Astilleros', amount: '1250' });
    await token.open('Astilleros');
    await sello.kill();
    await bank.text('The connection to the server is lost.').waitFor();
    await token.text(/^No connection to the server\./).waitFor();
    // Data read before stays. The page says that it does not know whether the approval arrived.
    await bank.text('Approve on your token').waitFor();
    await token.consent();
    await token.heading('No answer came').waitFor();
    await sello.start();
    await bank.button('Connect now').click();
    await bank.text('Connected again. Everything is up to date.').waitFor();
    await token.button('Look again').click();
    await token.text(/^Your approval did not arrive/).waitFor();
    await token.consent();
    await token.heading('Approved').waitFor();
    await bank.becomes('Approved');
    const history = JSON.stringify(
      await desk.page.evaluate("fetch('/v1/journal').then((answer) => answer.json())"),
    );
    assert.equal(history.split('"transaction.approved"').length - 1, 1, id);
    await leave();
  });

  test('the vault is gone: requests that need it are refused with a reason, reads continue, and then everything works again', async (t) => {
    const vault = await runVault(t, await temporaryFolder(t));
    const sello = await runSello(t, { flags: callerFlags(vault) });
    const { bank, token, leave } = await newCustomer(chromium, sello, 'bob', { expected: GONE });
    await bank.transfer({ payee: 'Astilleros', amount: '900' });
    await token.open('Astilleros');
    await vault.kill();
    await token.consent();
    await token.dialog.getByRole('alert').waitFor();
    await bank.at('history');
    await bank.text(/A transfer of 900\.00\sEUR to Astilleros was requested/).waitFor();
    await bank.at('transfers');
    await bank.text('Astilleros').click();
    await bank.text('Approve on your token').waitFor();
    await vault.start();
    // The same form is submitted again until the vault is back.
    for (;;) {
      await token.dialog.getByLabel('PIN', { exact: true }).fill(PIN);
      await token.dialog.getByRole('button', { name: 'Approve', exact: true }).click();
      const told = token.heading('Approved').or(token.dialog.getByRole('alert'));
      await told.waitFor();
      if (await token.heading('Approved').isVisible()) break;
    }
    await bank.becomes('Approved');
    await leave();
  });

  test('a transaction that is not approved in time expires, on both pages', async (t) => {
    const sello = await runSello(t, { flags: { '--keys-challenge-ttl-ms': '12000' } });
    const { bank, token, leave } = await newCustomer(chromium, sello, 'carol');
    await bank.transfer({ payee: 'Astilleros', amount: '900' });
    await token.open('Astilleros');
    await token.heading('Expired').waitFor();
    await token.text('Nobody approved it in time.').waitFor();
    await bank.becomes('Expired');
    await token.at('approvals');
    await token.text('Nothing waits for you').waitFor();
    await leave();
  });

  test('newer pages: a locked token switches to them by itself, an open one asks, and the cache keeps the newer', async (t) => {
    const folder = await temporaryFolder(t);
    for (const name of ['src', 'package.json'])
      await cp(join(ROOT, name), join(folder, name), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await cp(join(ROOT, 'web/dist'), join(folder, 'web/dist'), { recursive: true });
    const sello = await runSello(t, { main: join(folder, 'src/main.ts') });
    const { token, phone, leave } = await newCustomer(chromium, sello, 'dora', {
      expected: [/ERR_INTERNET_DISCONNECTED/],
    });
    const { page } = phone;
    const version = () => page.evaluate("document.querySelector('script[type=module]').src");
    const old = await version();
    await page.evaluate('navigator.serviceWorker.ready.then(() => 0)');
    const upgrade = async (name: string) => {
      await renew(join(folder, 'web/dist'), name);
      // The server checks for newer pages once a second.
      const served = async () => (await fetch(`${sello.origin}/service-worker.js`)).text();
      await until(async () => (await served()).includes(name));
    };
    await upgrade('newer');
    await page.evaluate(
      'navigator.serviceWorker.getRegistration().then((found) => found.update()).then(() => 0)',
    );
    await token.text('A new version is ready.').waitFor();
    assert.equal(await version(), old, 'not under the hands of who uses it');
    await token.button('Update').click();
    await token.heading('Open your token').waitFor();
    await untilInPage(page, `document.querySelector('script[type=module]').src !== ${JSON.stringify(old)}`);
    const newer = await version();
    assert.match(String(newer), /newer/);
    assert.deepEqual(await page.evaluate('caches.keys().then((keys) => keys.length)'), 1);

    // A locked token has nothing under way, so it does not ask.
    await upgrade('newest');
    // The page may go over to the newest while this is asked.
    await page
      .evaluate('navigator.serviceWorker.getRegistration().then((found) => found.update()).then(() => 0)')
      .catch(() => undefined);
    await untilInPage(page, `document.querySelector('script[type=module]').src.includes('newest')`);
    // Offline, the newest version is shown.
    await untilInPage(page, 'navigator.serviceWorker.ready.then(() => true)');
    await untilInPage(page, 'caches.keys().then((keys) => keys.length === 1 && keys[0].endsWith("newest"))');
    await phone.context.setOffline(true);
    await page.reload();
    await token.heading('Open your token').waitFor();
    assert.match(String(await version()), /newest/);
    await token.offerPin(PIN);
    await token.heading('Code').waitFor();
    await phone.context.setOffline(false);
    await leave();
  });
});

/**
 * Imitates a build of a changed program: the token's script gets another name wherever it is named, and the old file
 * goes.
 */
async function renew(dist: string, name: string): Promise<void> {
  const assets = await readdir(join(dist, 'assets'));
  const script = assets.find((each) => /^token-.*\.js$/.test(each)) ?? '';
  const changed = `token-${name}.js`;
  const files = await readdir(dist, { recursive: true });
  for (const file of files) {
    if (/\.(?:br|gz)$/.test(file)) await unlink(join(dist, file));
    else if (/\.(?:js|html)$/.test(file)) {
      const text = await readFile(join(dist, file), 'utf8');
      const version = text.replace(/(\\?"version\\?":\\?")\w+/, `$1${name}`);
      await writeFile(join(dist, file), version.replaceAll(script, changed));
    }
  }
  await rename(join(dist, 'assets', script), join(dist, 'assets', changed));
  await writeFile(
    join(dist, 'assets', changed),
    `${await readFile(join(dist, 'assets', changed), 'utf8')}\n//${name}`,
  );
  // The stamp by which the server notices a build.
  const page = join(dist, 'index.html');
  await writeFile(`${page}.new`, await readFile(page));
  await rm(page);
  await rename(`${page}.new`, page);
}
