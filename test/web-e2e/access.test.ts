/*
 * Goal: access works: the first administrator, locks and the operator who ends them, passkeys, and the PIN that guards a
 * phone, with its delays and the erasure after ten wrong ones.
 * Method: as in payment.test.ts; passkeys by Chromium's virtual authenticator; the test moves the page's clock over the
 * hours between PINs.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { startChromium } from '../services/chromium.ts';
import { Console, PASSWORD } from './console.ts';
import { newCustomer, PHONE_OPTIONS } from './customer.ts';
import { runSello } from './sello.ts';
import { PIN, Token } from './token.ts';

const [chromium, sello] = await Promise.all([startChromium({ after }), runSello({ after })]);

/** Adds a platform authenticator whose user is always present and verified. */
async function virtualAuthenticator(page: Page, { hasPrf = false } = {}): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      hasPrf,
    },
  });
}

describe('access', { concurrency: 2 }, () => {
  test('the printed link creates the first administrator, once; a password guesser is locked until the administrator unlocks', async () => {
    const desk = await chromium.visitor(sello.origin);
    const chief = new Console(desk.page);
    const link = await sello.setUpLink();
    await desk.page.goto(link);
    await chief.heading('Set up Sello').waitFor();
    await desk.page.getByRole('textbox', { name: 'User name' }).fill('chief');
    await desk.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await desk.page.getByLabel('Repeat the password').fill(PASSWORD);
    await chief.button('Create the administrator').click();
    await chief.heading('The administrator is ready').waitFor();
    await chief.button('Go to the log-in').click();
    // The way leads through setting up a token or a passkey: without one an administrator can only look.
    await chief.offerPassword('chief');
    await chief.heading('Set up a token').waitFor();
    await virtualAuthenticator(desk.page);
    await chief.at('security');
    await chief.button('Add a passkey').click();
    await desk.page.getByRole('dialog').getByRole('button', { name: 'Continue' }).click();
    await chief.button(/^Delete the passkey/).waitFor();
    await desk.page.getByRole('link', { name: 'Monitoring' }).waitFor();
    // An operator who comes back begins at the operator's side.
    await chief.logOut();
    await desk.page.goto(`${sello.origin}/console`);
    await chief.button('Log in with a passkey').click();
    await chief.heading('Monitoring').waitFor();

    const late = await chromium.visitor(sello.origin);
    await late.page.goto(link);
    await late.page.getByRole('textbox', { name: 'User name' }).fill('second');
    await late.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await late.page.getByLabel('Repeat the password').fill(PASSWORD);
    await new Console(late.page).button('Create the administrator').click();
    await late.page.getByRole('alert').waitFor();
    assert.equal(
      (await sello.ask('POST', '/v1/sessions', { body: { username: 'second', password: PASSWORD } })).status,
      401,
    );
    await late.leave();

    const victim = await chromium.visitor(sello.origin);
    const gina = await new Console(victim.page).register('gina');
    await gina.logOut();
    for (let attempt = 1; attempt <= 3; attempt++) {
      await gina.offerPassword('gina', `wrong ${attempt}`);
      await victim.page.getByRole('alert').waitFor();
      await gina.button('Log in').and(victim.page.locator(':not([data-loading])')).waitFor();
    }
    await gina.offerPassword('gina');
    await gina.text(/You can try again in/).waitFor();

    await chief.at('operator', 'users', 'gina');
    await chief.button('Unlock').click();
    await chief.text('Unlocked.').waitFor();
    await gina.logIn('gina');
    await gina.at('history');
    await gina.text('An administrator ended your lock.').waitFor();
    await desk.leave();
    await victim.leave();
  });

  test('revoking a device asks for a code of the last minutes, and goes on when it is shown', async () => {
    const ivy = await newCustomer(chromium, sello, 'ivy');
    const dialog = ivy.desk.page.getByRole('dialog');
    await ivy.bank.at('devices');
    await ivy.bank.button(/^Revoke/).click();
    await dialog.getByRole('button', { name: 'Revoke it' }).click();
    await dialog.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
    await dialog.getByRole('textbox', { name: 'Code' }).fill('000000');
    await dialog.getByRole('button', { name: 'Confirm', exact: true }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByRole('textbox', { name: 'Code' }).fill(await ivy.token.code());
    await dialog.getByRole('button', { name: 'Confirm', exact: true }).click();
    await ivy.token.text(/ended this device’s session/).waitFor();
    await ivy.leave();
  });

  test('a passkey logs in instead of password and code', async () => {
    const desk = await chromium.visitor(sello.origin);
    const { page } = desk;
    await virtualAuthenticator(page);
    const bank = await new Console(page).register('hugo');
    await bank.at('security');
    await bank.button('Add a passkey').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('<i>laptop</i>');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await bank.button('Delete the passkey <i>laptop</i>').waitFor();
    await bank.logOut();
    await bank.button('Log in with a passkey').click();
    await bank.heading('Security').or(bank.heading('Hello, hugo')).first().waitFor();
    await bank.at('history');
    await bank.text('You logged in with a passkey.').waitFor();
    // The log-in says so when the user is absent or closes the browser's dialog.
    await bank.at('security');
    await bank.button(/^Delete the passkey/).click();
    await dialog.getByRole('button', { name: 'Delete it' }).click();
    // The log-in's own proof deletes nothing: it is shown once more.
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await bank.text('No passkey yet.').waitFor();
    await bank.logOut();
    await bank.button('Log in with a passkey').click();
    await page.getByRole('alert').waitFor();
    await desk.leave();
  });

  test('a passkey with PRF guards a token: it opens it and approves', async () => {
    const [desk, phone] = await Promise.all([
      chromium.visitor(sello.origin),
      chromium.visitor(sello.origin, PHONE_OPTIONS),
    ]);
    await virtualAuthenticator(phone.page, { hasPrf: true });
    const bank = await new Console(desk.page).register('ines');
    const token = new Token(phone.page);
    await token.begin(await bank.invite());
    await token.button('Protect it with a passkey').click();
    await token.heading('Your token is ready').waitFor();
    await token.button('Show my code').click();
    await token.button('Lock now').click();
    await token.heading('Open your token').waitFor();
    await token.button('Use the passkey').click();
    await token.heading('Code').waitFor();
    await bank.text('Your token is ready').waitFor();
    await bank.transfer({ payee: 'Astilleros', amount: '640' });
    await token.open('Astilleros');
    await token.button('Press and hold to approve').press('Enter');
    await token.dialog.getByRole('button', { name: 'Use the passkey' }).click();
    await token.heading('Approved').waitFor();
    await bank.becomes('Approved');
    await desk.leave();
    await phone.leave();
  });

  test('wrong PINs: the page says how many are left, then waits, and after ten the keys are erased', async () => {
    const { token, phone, leave } = await newCustomer(chromium, sello, 'jack');
    await phone.page.clock.install();
    await phone.page.reload();
    await token.heading('Open your token').waitFor();
    const left = (count: number) =>
      token.text(
        count === 1
          ? /^Wrong PIN\. 1 attempt is left/
          : new RegExp(`^Wrong PIN\\. ${count} attempts are left`),
      );
    for (let count = 9; count >= 1; count--) {
      await token.offerPin('908172');
      await left(count).waitFor();
      if (count > 7) continue;
      // From the third wrong PIN on each one makes the next wait, up to an hour. The right PIN waits as well.
      if (count === 7) {
        await token.text(/^No PIN is tried for another/).waitFor();
        await phone.page.getByLabel('PIN', { exact: true }).fill(PIN);
        assert.equal(await token.button('Open').isDisabled(), true);
      }
      await phone.page.clock.fastForward(3_600_000);
      await token.text(/^No PIN is tried for another/).waitFor({ state: 'hidden' });
    }
    await token.offerPin('908172');
    await token.text('Ten wrong PINs in a row: the keys on this device were erased.').waitFor();
    const kept = await phone.page.evaluate(
      "indexedDB.databases().then((all) => Promise.all(all.map(({ name }) => new Promise((resolve) => { const opening = indexedDB.open(name); opening.onsuccess = () => { const database = opening.result; const stores = [...database.objectStoreNames]; if (stores.length === 0) return resolve(''); const reading = database.transaction(stores); const found = []; for (const store of stores) reading.objectStore(store).getAll().onsuccess = ({ target }) => found.push(...target.result); reading.oncomplete = () => resolve(JSON.stringify(found)); }; }))))",
    );
    assert.doesNotMatch(JSON.stringify(kept), /seed|approvals|jack/);
    await leave();
  });

  test('the token’s own code computes the published vectors of the three standards, in the browser', async () => {
    const { token, phone, leave } = await newCustomer(chromium, sello, 'kim');
    await token.at('settings');
    await token.button('Check the arithmetic').click();
    await token.text('This device computes codes as the standards demand.').waitFor();
    const told = await phone.page.getByText(/of \d+ published test vectors/).allTextContents();
    const counts = told.map((line) => /^(.+): (\d+) of (\d+) /.exec(line)?.slice(1) ?? []);
    assert.ok(counts.length >= 3, told.join('\n'));
    for (const [name = '', right, all] of counts) assert.ok(Number(all) > 0 && right === all, name);
    for (const standard of ['4226', '6238', '6287']) assert.match(told.join('\n'), new RegExp(standard));
    await leave();
  });
});
