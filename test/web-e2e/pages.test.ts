/*
 * Goal: every page and dialog is accessible: no violation of axe-core in light and dark, nothing wider than a screen of
 * 320 px; test-results/web gets a picture of each at a desktop's and a phone's width.
 * Method: the test visits the pages as people do, on a server with data to show.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ROOT } from '../docs/machine.ts';
import { axe } from '../services/axe.ts';
import { DESKTOP, PHONE, showIn, startChromium, untilInPage, type Visitor } from '../services/chromium.ts';
import { Administrator } from './administrator.ts';
import { Console, PASSWORD } from './console.ts';
import { newCustomer, PHONE_OPTIONS } from './customer.ts';
import { runSello } from './sello.ts';
import { Token } from './token.ts';

const PICTURES = join(ROOT, 'test-results', 'web');
const NARROW = 320;
const SETTLED_MS = 3_000;
await mkdir(PICTURES, { recursive: true });
const [chromium, sello] = await Promise.all([
  startChromium({ after }),
  runSello({ after }, { flags: { '--lab-enabled': 'true' } }),
]);

/** Checks the current page in every way that this suite checks pages. */
class Looker {
  readonly #visitor: Visitor;
  readonly #area: string;
  readonly violations: string[] = [];
  states = 0;
  passed = 0;

  constructor(visitor: Visitor, area: string) {
    this.#visitor = visitor;
    this.#area = area;
  }

  async look(name: string): Promise<void> {
    const { page } = this.#visitor;
    const own = page.viewportSize() ?? DESKTOP;
    this.states++;
    for (const colorScheme of ['light', 'dark'] as const) {
      await showIn(page, colorScheme);
      const { passed, violations } = await axe(page, colorScheme === 'dark' ? ['color-contrast'] : undefined);
      this.passed += passed;
      this.violations.push(...violations.map((text) => `${this.#area} ${name} (${colorScheme}): ${text}`));
      await this.#picture(`${name}-${own.width}-${colorScheme}`);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    if (own.width !== PHONE.width) {
      await page.setViewportSize(PHONE);
      await this.#picture(`${name}-${PHONE.width}-light`);
    }
    await page.setViewportSize({ ...PHONE, width: NARROW });
    // A chart redraws after its container shrank.
    await untilInPage(page, `document.documentElement.scrollWidth <= ${NARROW}`, SETTLED_MS).catch(() => {
      this.violations.push(`${this.#area} ${name}: wider than a screen of ${NARROW} px`);
    });
    await page.setViewportSize(own);
  }

  async #picture(name: string): Promise<void> {
    await this.#visitor.page.screenshot({
      path: join(PICTURES, `${this.#area}-${name}.png`),
      animations: 'disabled',
    });
  }
}

describe('pages', { concurrency: 2 }, () => {
  test('the entrance and the user’s side of the console, and the token beside it', async (t) => {
    const stranger = await chromium.visitor(sello.origin);
    const outside = new Looker(stranger, 'entrance');
    await stranger.page.goto('/');
    await stranger.page.getByRole('heading', { level: 1 }).waitFor();
    await outside.look('landing');
    await stranger.page.goto('/console');
    await new Console(stranger.page).heading('Welcome back').waitFor();
    await outside.look('log-in');
    await new Console(stranger.page).offerPassword('nobody', 'wrong password');
    await stranger.page.getByRole('alert').waitFor();
    await outside.look('log-in-refused');
    await stranger.page.goto('/console#/register');
    await new Console(stranger.page).heading('Create your account').waitFor();
    await outside.look('register');
    await stranger.page.goto('about:blank');
    await stranger.page.goto('/console#setup=abc');
    await new Console(stranger.page).heading('Set up Sello').waitFor();
    await outside.look('set-up');
    await stranger.leave();

    const desk = await chromium.visitor(sello.origin);
    const phone = await chromium.visitor(sello.origin, PHONE_OPTIONS);
    const bank = new Console(desk.page);
    const token = new Token(phone.page);
    const atDesk = new Looker(desk, 'console');
    const onPhone = new Looker(phone, 'token');
    await bank.register('alice');
    await bank.text('No transfers yet').waitFor();
    await atDesk.look('home-empty');
    await bank.at('devices');
    await bank.text('No token yet').waitFor();
    await atDesk.look('devices-empty');
    const link = await bank.invite();
    await bank.page.getByRole('img', { name: /^QR code/ }).waitFor();
    await atDesk.look('enrol');

    await phone.page.goto('/token');
    await token.heading('Your token, on this device').waitFor();
    await onPhone.look('welcome');
    await token.begin(link);
    await token.offerNewPin('123456');
    await token.text('A run of digits is guessed first.').waitFor();
    await onPhone.look('new-pin-weak');
    await token.offerNewPin();
    await token.heading('Your token is ready').waitFor();
    await onPhone.look('enrolled');
    await token.button('Show my code').click();
    await token.heading('Code').waitFor();
    await onPhone.look('codes');
    await token.at('approvals');
    await token.text('Nothing waits for you').waitFor();
    await onPhone.look('approvals-none');
    await bank.text('Your token is ready').waitFor();
    await atDesk.look('enrolled');

    await bank.at('transfers', 'new');
    await bank.button('Continue to approval').click();
    await bank.text('Up to 64 visible characters, without a comma.').waitFor();
    await atDesk.look('transfer-new-faults');
    await bank.transfer({ payee: 'Astilleros de la Ría de Vigo, S.L.'.replace(',', ''), amount: '1250,5' });
    await atDesk.look('transfer-pending');
    await bank.text('No token at hand with a connection?').click();
    await bank.page.getByRole('img', { name: /^QR code/ }).waitFor();
    await atDesk.look('transfer-offline');
    await bank.button('This was not me: refuse').click();
    await desk.page.getByRole('dialog').waitFor();
    await atDesk.look('transfer-refuse-dialog');
    await desk.page.keyboard.press('Escape');
    await phone.page.getByRole('link', { name: /Payment/ }).waitFor();
    await onPhone.look('approvals');
    await token.open('Astilleros');
    await onPhone.look('payment');
    await token.button('This was not me').click();
    await onPhone.look('refuse-dialog');
    await phone.page.keyboard.press('Escape');
    await token.button('Press and hold to approve').press('Enter');
    await token.dialog.waitFor();
    await onPhone.look('pin-dialog');
    await phone.page.keyboard.press('Escape');
    await token.consent();
    await token.heading('Approved').waitFor();
    await onPhone.look('approved');
    await bank.becomes('Approved');
    await atDesk.look('transfer-approved');
    await desk.page.getByRole('link', { name: 'Show the receipt' }).click();
    await bank.button('Verify').click();
    await bank.text('Genuine').waitFor();
    await atDesk.look('receipt');
    await bank.transfer({ payee: 'Mallory', amount: '9000', currency: 'JPY' });
    await bank.button('This was not me: refuse').click();
    await desk.page.getByRole('dialog').getByRole('button', { name: 'Refuse it' }).click();
    await bank.becomes('Refused');
    await atDesk.look('transfer-refused');
    for (const [place, text] of [
      [[], 'Latest transfers'],
      [['transfers'], 'Mallory'],
      [['receipts'], 'Astilleros'],
      [['devices'], 'Approvals and log-in codes'],
      [['security'], 'This browser'],
      [['history'], 'You registered.'],
      [['nowhere'], 'There is nothing here'],
      [['transfers', 'unknown'], 'No such transfer'],
    ] as const) {
      await bank.at(...place);
      await bank.text(text).waitFor();
      await atDesk.look(place.join('-') || 'home');
    }
    await bank.at('devices');
    await bank.button('Uses of Phone').click();
    await desk.page.getByRole('dialog').waitFor();
    await atDesk.look('uses-dialog');
    await desk.page.keyboard.press('Escape');
    await bank.button('Revoke Phone').click();
    await atDesk.look('revoke-dialog');
    await desk.page.keyboard.press('Escape');
    await bank.at('security');
    await bank.button('Add a passkey').click();
    await atDesk.look('passkey-dialog');
    await desk.page.keyboard.press('Escape');
    await bank.button(/^Account of/).click();
    await atDesk.look('account-menu');
    await desk.page.keyboard.press('Escape');
    await desk.page.setViewportSize(PHONE);
    await bank.button('Open the menu').click();
    await desk.page.getByRole('dialog').waitFor();
    await atDesk.look('menu');

    await token.at('offline');
    await token.heading('Approve without a connection').waitFor();
    await onPhone.look('offline');
    await token.button('Type').click();
    await onPhone.look('offline-type');
    await token.at('settings');
    await token.button('Check the arithmetic').click();
    await token.text(/^This device computes codes/).waitFor();
    await onPhone.look('settings');
    await token.button('Erase this device').click();
    await token.dialog.waitFor();
    await onPhone.look('erase-dialog');
    await phone.page.keyboard.press('Escape');
    await token.at('codes');
    await phone.page
      .getByRole('link', { name: /^Details of/ })
      .first()
      .click();
    await token.text('Payment').waitFor();
    await onPhone.look('details');
    await token.button('Lock now').click();
    await token.offerPin('000001');
    await token.text(/^Wrong PIN/).waitFor();
    await onPhone.look('locked');

    const lookers = [outside, atDesk, onPhone];
    t.diagnostic(lookers.map(({ states, passed }) => `${states} states, ${passed} rules passed`).join('; '));
    assert.deepEqual(
      lookers.flatMap(({ violations }) => violations),
      [],
    );
    await desk.leave();
    await phone.leave();
  });

  test('the operator’s side', async (t) => {
    const administrator = await Administrator.setUp(sello, 'chief');
    await sello.ask('POST', '/v1/users', { body: { username: 'nora', password: PASSWORD } });
    const customer = await newCustomer(chromium, sello, 'bob');
    await customer.bank.transfer({ payee: 'Astilleros', amount: '1250.50' });
    await customer.token.approve('Astilleros');
    const desk = await chromium.visitor(sello.origin);
    const chief = await new Console(desk.page).logInByCode(administrator);
    const looker = new Looker(desk, 'operator');
    await desk.page.getByRole('link', { name: 'Attack lab' }).waitFor();
    const places = await desk.page.evaluate(
      "[...document.querySelectorAll('nav a[href^=\"#/operator\"]')].map((link) => link.getAttribute('href'))",
    );
    t.diagnostic(`${places}`);
    for (const place of places as string[]) {
      await desk.page.evaluate(`location.hash = ${JSON.stringify(place)}`);
      await chief.heading(/./).waitFor();
      // The data has arrived.
      await untilInPage(
        desk.page,
        "document.querySelector('main .mantine-Skeleton-root, main .mantine-Loader-root') === null",
      );
      await looker.look(place.split('/').slice(2).join('-') || 'overview');
    }
    const dialog = desk.page.getByRole('dialog');

    await chief.at('operator', 'transactions');
    await desk.page.getByRole('link', { name: /Astilleros of/ }).click();
    await chief.text('From request to decision').waitFor();
    await looker.look('transaction');
    await chief.at('operator', 'journal');
    await chief.button('Verify now').click();
    await chief.text(/^Whole: /).waitFor();
    await chief.text('Content and hash').click();
    await looker.look('journal-whole');

    await chief.at('operator', 'users');
    await chief.button('New user').click();
    await dialog.getByLabel('Name').fill('bob');
    await dialog.getByLabel(/^Auditor/).check();
    await looker.look('new-user-dialog');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText('The user name is taken. Choose another one.').waitFor();
    await looker.look('new-user-taken');
    await dialog.getByLabel('Name').fill('vera');
    await dialog.getByLabel('I set it').check();
    await dialog.getByLabel('First password').last().fill('corta');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText(/^The password is too short/).waitFor();
    await dialog.getByLabel('The person chooses it').check();
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByText(/^Give this link to nobody/).waitFor();
    await looker.look('new-user-link');
    const reset = (await dialog.locator('code').textContent())?.split('#reset=')[1];
    const chosen = await sello.ask('POST', '/v1/password-resets', { body: { reset, password: PASSWORD } });
    assert.equal(chosen.json.username, 'vera');
    await dialog.getByRole('link', { name: 'Open the user' }).click();
    await chief.heading('vera').waitFor();
    await chief.text('Auditor').waitFor();

    await chief.at('operator', 'configuration');
    await desk.page.getByRole('heading', { name: 'Network and TLS' }).waitFor();
    await chief.text('30 s').first().waitFor();
    await chief.chooseLanguage('es');
    await desk.page.getByRole('heading', { name: 'Red y TLS' }).waitFor();
    await chief.text('El puerto del protocolo TCP; 0 toma uno libre.').waitFor();
    await looker.look('configuration-es');
    await chief.chooseLanguage('en');

    await chief.at('operator', 'users', 'bob');
    await chief.button('Invite to set up a token').click();
    await dialog.getByRole('button', { name: 'Ask for a recovery' }).waitFor();
    await looker.look('recovery-dialog');
    await desk.page.keyboard.press('Escape');
    await chief.at('operator', 'users', 'nora');
    await chief.button('Invite to set up a token').click();
    await dialog.getByRole('img', { name: 'QR code of the invitation' }).waitFor();
    await looker.look('invite-dialog');
    // The page notices that the invitation was taken.
    const taken = await sello.ask('POST', '/v1/enrolments/claim', {
      body: {
        code: await dialog.locator('code').textContent(),
        device_key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
        password: PASSWORD,
      },
    });
    assert.equal(taken.status, 201, JSON.stringify(taken.json));
    await dialog.getByText(/A device of nora took the invitation/).waitFor();
    await looker.look('invite-taken');
    await desk.page.keyboard.press('Escape');
    await chief.button('Disable').click();
    await dialog.waitFor();
    await looker.look('disable-dialog');
    await desk.page.keyboard.press('Escape');

    await chief.at('operator', 'services');
    await chief.button('New service').click();
    await dialog.getByLabel('Name').fill('shop');
    await dialog.getByLabel('Check codes').check();
    await dialog.getByLabel('Expiry of the key').selectOption('After 30 days');
    await looker.look('service-dialog');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await chief.text('It is shown this once.').waitFor();
    await looker.look('service-key');
    const key =
      (await desk.page
        .locator('code')
        .filter({ hasText: /^slo_.{43}$/ })
        .textContent()) ?? '';
    await chief.button('I have kept it').click();
    await chief.text(`${key.slice(0, 10)}…`).waitFor();
    await chief.text(/^Expires on /).waitFor();
    await looker.look('service');

    await chief.at('operator', 'keys');
    await chief.button('Rotate the keys').click();
    await dialog.waitFor();
    await looker.look('rotate-dialog');
    await dialog.getByRole('button', { name: 'Rotate now' }).click();
    await chief.text(/^The keys are rotated/).waitFor();
    await looker.look('keys-rotated');

    await chief.at('operator', 'lab');
    await desk.page.getByRole('radio', { name: /^mitm/ }).check();
    await chief.button('Run the attack').click();
    await chief.text('HELD').waitFor();
    await looker.look('lab-held');
    await chief.logOut();
    t.diagnostic(`${looker.states} states, ${looker.passed} rules passed`);
    assert.deepEqual(looker.violations, []);
    await customer.leave();
    await desk.leave();
  });
});
