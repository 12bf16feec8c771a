// Makes the READMEs' pictures in docs/pictures: a real server, a real Chromium, an afternoon's payments.
// node_modules/.bin/node scripts/screenshots.ts
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { startChromium, untilInPage } from '../test/services/chromium.ts';
import { Administrator } from '../test/web-e2e/administrator.ts';
import { Console } from '../test/web-e2e/console.ts';
import { newCustomer } from '../test/web-e2e/customer.ts';
import { runSello } from '../test/web-e2e/sello.ts';

const FOLDER = new URL('../docs/pictures', import.meta.url).pathname;
const BYTES_MAX = 80_000;
const DESK = { width: 1120, height: 720 };
const OFFICE = { width: 1280, height: 900 };
const TELEPHONE = { width: 390, height: 780 };
const PAYER = 'ES79 2100 0813';

const tasks: (() => unknown)[] = [];
const ends = { after: (task: () => unknown) => tasks.unshift(task) };
try {
  mkdirSync(FOLDER, { recursive: true });
  await takeAll();
} finally {
  for (const task of tasks) await task();
}

async function takeAll(): Promise<void> {
  const [chromium, sello] = await Promise.all([startChromium(ends), runSello(ends)]);
  const administrator = await Administrator.setUp(sello, 'chief');
  const alice = await newCustomer(chromium, sello, 'alice', { deviceScaleFactor: 1.5 });
  const { bank, token, desk, phone } = alice;
  await desk.page.setViewportSize(DESK);
  await phone.page.setViewportSize(TELEPHONE);
  for (const [payee, amount] of [
    ['Astilleros Cíes', '18400.00'],
    ['Talleres Núñez', '820.50'],
  ] as const) {
    await bank.transfer({ payer: PAYER, payee, amount });
    await token.approve(payee);
    await bank.becomes('Approved');
  }
  await bank.transfer({ payer: PAYER, payee: 'Mallory Ltd', amount: '9000.00' });
  await bank.button('This was not me: refuse').click();
  await desk.page.getByRole('dialog').getByRole('button', { name: 'Refuse it' }).click();
  await bank.becomes('Refused');
  await bank.transfer({ payer: PAYER, payee: 'Conservas Rianxo', amount: '1250.50' });
  await pictures(desk.page, 'transfer', inConsole);
  await token.open('Conservas Rianxo');
  await pictures(phone.page, 'approval', inToken);
  await token.consent();
  await token.heading('Approved').waitFor();
  await token.at('codes');
  await token.heading('Code').waitFor();
  await pictures(phone.page, 'code', inToken);

  // Wrong passwords, so that the operator sees refusals.
  for (let attempt = 0; attempt < 6; attempt++) {
    await sello.ask('POST', '/v1/sessions', { body: { username: 'alice', password: `guess ${attempt}` } });
  }
  const office = await chromium.visitor(sello.origin, { viewport: OFFICE, deviceScaleFactor: 1.5 });
  const chief = await new Console(office.page).logInByCode(administrator);
  await chief.at('operator');
  await chief.text('Live').waitFor();
  await chief.text('Refusals by reason').waitFor();
  await pictures(office.page, 'monitoring', inConsole);
  await office.leave();
  await alice.leave();
}

type Language = 'en' | 'es';

async function inConsole(page: Page, language: Language): Promise<void> {
  await page
    .getByLabel(/^(Language|Idioma)$/)
    .first()
    .selectOption(language);
  await untilInPage(page, `document.documentElement.lang === '${language}'`);
}

async function inToken(page: Page, language: Language): Promise<void> {
  const place = new URL(page.url()).hash;
  await page.evaluate("location.hash = '#/settings'");
  await page.locator(`input[type=radio][value=${language}]`).check({ force: true });
  await page.evaluate(`location.hash = ${JSON.stringify(place)}`);
  await page.locator('h1').waitFor();
}

/** Takes a picture in each language. The page is in English before and after. */
async function pictures(
  page: Page,
  name: string,
  speak: (page: Page, language: Language) => Promise<void>,
): Promise<void> {
  await picture(page, name);
  await speak(page, 'es');
  await picture(page, `${name}.es`);
  await speak(page, 'en');
}

/** Saves a WebP picture at the best quality that keeps it below BYTES_MAX. */
async function picture(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  const session = await page.context().newCDPSession(page);
  const path = join(FOLDER, `${name}.webp`);
  for (const quality of [90, 80, 70, 60]) {
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality });
    writeFileSync(path, Buffer.from(data, 'base64'));
    if (statSync(path).size <= BYTES_MAX) break;
  }
  process.stdout.write(`${path}: ${statSync(path).size} bytes\n`);
}
