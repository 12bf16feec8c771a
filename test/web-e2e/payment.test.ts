/*
 * Goal: what issue 6 promises a customer, from the first visit to the receipt, in Debian's Chromium.
 * Method: the real server with the built pages; the console at a desktop's width and the virtual token at a phone's, each
 * in a browser profile of its own. A console error, a violation of the pages' policy and a request to another origin
 * fail the test wherever they happen.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import { type Chromium, PHONE, startChromium, type Visitor } from '../services/chromium.ts';
import { Console } from './console.ts';
import { runSello, type Sello } from './sello.ts';
import { PIN, Token } from './token.ts';

describe('payments on two screens', () => {
  let chromium: Chromium;
  let sello: Sello;
  before(async (t) => {
    [chromium, sello] = await Promise.all([startChromium(t), runSello(t)]);
  });

  interface Customer {
    readonly desk: Visitor;
    readonly phone: Visitor;
    readonly bank: Console;
    readonly token: Token;
  }

  /** Registered, with a token on a phone. */
  async function customer(username: string): Promise<Customer> {
    const desk = await chromium.visitor(sello.origin);
    const phone = await chromium.visitor(sello.origin, { viewport: PHONE, hasTouch: true, isMobile: true });
    const bank = await new Console(desk.page).register(username);
    const token = await new Token(phone.page).enrol(await bank.invite());
    await bank.text('Your token is ready').waitFor();
    return { desk, phone, bank, token };
  }

  async function leave({ desk, phone }: Customer): Promise<void> {
    await desk.leave();
    await phone.leave();
  }

  test('enrol, approve by holding, receipt: both pages follow by themselves', async () => {
    const alice = await customer('alice');
    const { bank, token, desk, phone } = alice;
    await bank.transfer({ payee: 'Astilleros', amount: '1250,5' });
    // No reload on the phone: it is told.
    await token.text('1 payment waits for you').click();
    await phone.page.getByRole('link', { name: /Payment 1,250\.50 EUR Astilleros/ }).click();
    for (const part of ['Astilleros', 'ES79-2100-0813']) await token.text(part).waitFor();
    await phone.page.getByText('1,250.50').waitFor();
    const hold = token.button('Press and hold to approve');
    await hold.hover();
    await phone.page.mouse.down();
    await token.dialog.waitFor();
    await phone.page.mouse.up();
    await token.dialog.getByLabel('PIN', { exact: true }).fill(PIN);
    await token.dialog.getByRole('button', { name: 'Approve', exact: true }).click();
    await token.heading('Approved').waitFor();

    await bank.becomes('Approved');
    await desk.page.getByRole('link', { name: 'Show the receipt' }).click();
    await bank.button('Verify').click();
    await bank.text('Genuine').waitFor();
    await bank.text('code bound to payee and amount').waitFor();
    const downloading = desk.page.waitForEvent('download');
    await bank.button('Download').click();
    const receipt = await readFile(await (await downloading).path(), 'utf8');
    assert.match(receipt, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    await bank.at('history');
    await bank.text(/A transfer of €1,250\.50 to Astilleros was approved\./).waitFor();
    await leave(alice);
  });
});
