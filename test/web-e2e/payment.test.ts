/*
 * Goal: what a customer does, from the first visit to the receipt, works on two screens at once.
 * Method: Debian's Chromium, the real server with the built pages; the console at a desktop's width and the virtual token
 * at a phone's. A console error, a violation of the pages' policy and a request to another origin fail the test wherever
 * they happen.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import { startChromium } from '../services/chromium.ts';
import { PushService } from '../services/push-service.ts';
import { selloJson } from '../services/sello-command.ts';
import { until } from '../waiting.ts';
import { Console } from './console.ts';
import { newCustomer, PHONE_OPTIONS } from './customer.ts';
import { runSello } from './sello.ts';
import { PIN, Token } from './token.ts';

const [chromium, sello, pushService] = await Promise.all([
  startChromium({ after }),
  runSello(
    { after },
    {
      flags: {
        '--web-push-private-addresses-allowed': '["127.0.0.1"]',
        '--web-push-hosts': '["127.0.0.1"]',
      },
    },
  ),
  PushService.start({ after }),
]);

describe('payments', { concurrency: 2 }, () => {
  test('enrol, approve by holding, receipt: both pages follow by themselves', async () => {
    const { bank, token, desk, phone, leave } = await newCustomer(chromium, sello, 'alice');
    await bank.transfer({ payee: 'Astilleros', amount: '1250,5' });
    // The phone needs no reload: an event tells it.
    await token.text('1 payment waits for you').click();
    await phone.page.getByRole('link', { name: /Payment 1,250\.50 EUR Astilleros/ }).click();
    for (const part of ['Astilleros', 'ES79-2100-0813', '1,250.50']) await token.text(part).waitFor();
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
    const downloadingPdf = desk.page.waitForEvent('download');
    await bank.button('PDF').click();
    const pdf = await readFile(await (await downloadingPdf).path(), 'latin1');
    assert.ok(pdf.startsWith('%PDF-1.7') && pdf.includes(receipt));
    const verification = await desk.page
      .getByRole('link', { name: 'Verify on the public page' })
      .getAttribute('href');
    assert.equal(verification, `${sello.origin}/verify#${receipt.trim()}`);
    // On paper: what it states and the signed text, without the page around it.
    await desk.page.emulateMedia({ media: 'print' });
    await desk.page.getByText(receipt.trim(), { exact: true }).last().waitFor();
    assert.equal(await desk.page.getByRole('button').count(), 0);
    assert.equal(await desk.page.getByRole('navigation').count(), 0);
    await desk.page.screenshot({ path: 'test-results/web/console-receipt-print.png', fullPage: true });
    await desk.page.emulateMedia({ media: 'screen' });
    await bank.at('history');
    await bank.text(/A transfer of 1,250\.50\sEUR to Astilleros was approved\./).waitFor();

    // From now on the log-in needs a code of the token.
    await bank.logOut();
    await bank.offerPassword('alice');
    await token.at('codes');
    await desk.page.getByLabel('Code').fill(await token.code());
    await bank.button('Confirm').click();
    await bank.heading('Hello, alice').waitFor();
    await leave();
  });

  test('“this was not me” on the phone refuses it on the desk, too', async () => {
    const { bank, token, desk, leave } = await newCustomer(chromium, sello, 'bob');
    await bank.transfer({ payee: 'Mallory', amount: '9000' });
    // Cancel closes, and refuses nothing.
    await token.open('Mallory');
    await token.button('Cancel').click();
    await token.heading('Approvals').waitFor();
    await token.open('Mallory');
    await token.button('This was not me').click();
    await token.dialog.getByRole('button', { name: 'Refuse it' }).click();
    await token.heading('Refused').waitFor();
    await bank.becomes('Refused');
    await bank.text('You refused it.').waitFor();

    // Asked for again with the same content, but for a payee that looks like a mistyped IBAN.
    await desk.page.getByRole('link', { name: 'Ask again' }).click();
    await bank.heading('New transfer').waitFor();
    assert.equal(await desk.page.getByLabel('Amount').inputValue(), '9000.00');
    assert.equal(await desk.page.getByLabel('From account').inputValue(), 'ES79-2100-0813');
    const payee = desk.page.getByLabel('To account');
    assert.equal(await payee.inputValue(), 'Mallory');
    await payee.fill('ES912100041845020005133');
    await bank.button('Continue to approval').click();
    await bank.text('an IBAN of Spain, which has 24 characters; here are 23.').waitFor();
    await payee.fill('ES9121000418450200051323');
    await bank.button('Continue to approval').click();
    await bank.text('its check digits do not fit').waitFor();
    assert.equal(await desk.page.locator('#transaction-payee:focus').count(), 1);
    await payee.fill('ES91 2100 0418 4502 0005 1332');
    await bank.button('Continue to approval').click();
    await bank.text('Approve on your token').waitFor();
    await leave();
  });

  test('a payee that looks like one paid before is pointed out at the desk and on the phone, with what differs', async () => {
    const { bank, token, leave } = await newCustomer(chromium, sello, 'dora');
    await bank.transfer({ payee: 'Astilleros', amount: '700' });
    await token.approve('Astilleros');
    await bank.becomes('Approved');
    // The о of Cyrillic.
    await bank.transfer({ payee: 'Astiller\u043es', amount: '700' });
    const warning = /looks like Astilleros, to whom you paid before, .* \u043e U\+043E in place of o U\+006F/;
    await bank.text(warning).waitFor();
    await token.at('approvals');
    await token.page.getByRole('link', { name: /Payment/ }).click();
    await token.text(warning).waitFor();
    await leave();
  });

  test('a service’s words stand below what is signed, as its own, on the phone, at the desk and after the decision', async () => {
    const { bank, token, leave } = await newCustomer(chromium, sello, 'hugo');
    const { key } = await selloJson([
      'service',
      'create',
      'shop',
      '--scope',
      'transactions:write',
      '--data-dir',
      sello.folder,
    ]);
    const asked = await sello.ask('POST', '/v1/transactions', {
      token: key,
      body: {
        ...{
          username: 'hugo',
          payer: 'ES79-2100-0813',
          payee: 'Astilleros',
          amount: '700.00',
          currency: 'EUR',
        },
        ...{ reference: 'A-1204', message: '<b>To: Mallory</b> 1.00 EUR' },
      },
    });
    assert.equal(asked.status, 202, JSON.stringify(asked.json));
    await token.open('Astilleros');
    const note = token.page.getByRole('region', { name: 'Who asks' });
    for (const part of ['Asked for by “shop”.', 'Their reference: A-1204', '<b>To: Mallory</b> 1.00 EUR'])
      await note.getByText(part).waitFor();
    const [card, below] = await Promise.all([token.text('Astilleros').boundingBox(), note.boundingBox()]);
    assert.ok(card && below && below.y > card.y + card.height);
    await token.consent();
    await token.heading('Approved').waitFor();
    await bank.at('transfers', asked.json.id);
    await bank.text('<b>To: Mallory</b> 1.00 EUR').waitFor();
    await leave();
  });

  test('two phones approve the same payment: one succeeds, the other shows that it was decided', async () => {
    const { bank, token, desk, leave } = await newCustomer(chromium, sello, 'carol');
    await bank.at('devices');
    await desk.page.getByRole('link', { name: 'Set up a token' }).click();
    await desk.page.getByLabel('Code', { exact: true }).fill(await token.code());
    await bank.button('Continue').click();
    const link = desk.page.getByRole('link', { name: 'Open on this device' });
    const other = await chromium.visitor(sello.origin, PHONE_OPTIONS);
    const tablet = await new Token(other.page).enrol((await link.getAttribute('href')) ?? '', 'Tablet');
    const id = await bank.transfer({ payee: 'Astilleros', amount: '700' });
    await Promise.all([token.open('Astilleros'), tablet.open('Astilleros')]);
    await Promise.all([token.consent(), tablet.consent()]);
    const endings = await Promise.all(
      [token, tablet].map(async (each) => {
        const heading = each.heading(/^(Approved|Already decided)$/);
        await heading.waitFor();
        return heading.textContent();
      }),
    );
    assert.deepEqual(endings.sort(), ['Already decided', 'Approved']);
    await bank.becomes('Approved');
    const history = await desk.page.evaluate("fetch('/v1/journal').then((answer) => answer.json())");
    const approvals = JSON.stringify(history).split('"transaction.approved"').length - 1;
    assert.equal(approvals, 1, id);
    await other.leave();
    await leave();
  });

  test('a phone without a network shows codes, opens again, and approves by a code that is typed', async () => {
    const { bank, token, desk, phone, leave } = await newCustomer(chromium, sello, 'dave', {
      expected: [/ERR_INTERNET_DISCONNECTED/],
    });
    await bank.transfer({ payee: 'Taller Núñez', amount: '820.00' });
    await bank.text('No token at hand with a connection?').click();
    await bank.text('Show as text').click();
    const text = (await desk.page.locator('pre').textContent()) ?? '';
    await phone.page.evaluate('navigator.serviceWorker.ready.then(() => 0)');

    // Nothing moves under a finger that holds, although a notice comes in above.
    await token.open('Taller Núñez');
    const held = token.button('Press and hold to approve');
    const place = await held.boundingBox();
    await phone.page.screenshot({ path: 'test-results/web/token-approve-before.png' });
    await phone.page.evaluate(`(() => {
      globalThis.shifted = [];
      new PerformanceObserver((list) => {
        for (const { sources } of list.getEntries()) for (const { node } of sources) shifted.push(node);
      }).observe({ type: 'layout-shift', buffered: false });
    })()`);
    await phone.context.setOffline(true);
    // Chromium cuts no stream that is open, so the page closes it and opens another.
    for (const state of ['hidden', 'visible']) {
      await phone.page.evaluate(`(() => {
        Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      })()`);
    }
    await token.text(/^No connection to the server\. Codes work all the same/).waitFor();
    await held.hover();
    await phone.page.screenshot({ path: 'test-results/web/token-approve-after.png' });
    await phone.page.mouse.down();
    await token.dialog.waitFor();
    await phone.page.mouse.up();
    await phone.page.keyboard.press('Escape');
    assert.deepEqual(await held.boundingBox(), place);
    // `main` begins lower; neither a button nor the box around it may be among what moved.
    const moved = await phone.page.evaluate(`(() => {
      const around = (node, button) => node.contains?.(button) && !node.matches('main, main *:has(h1)');
      const buttons = [...document.querySelectorAll('main button')];
      return shifted.filter((node) => node && buttons.some((button) => button.contains(node) || around(node, button)))
        .map((node) => node.outerHTML);
    })()`);
    assert.deepEqual(moved, []);

    await token.at('codes');
    await phone.page.reload();
    await token.heading('Open your token').waitFor();
    // Without a network the logo of the first paint is there, and a refused PIN is typed again at once.
    assert.equal(await phone.page.evaluate("fetch('/sello.svg').then(({ status }) => status)"), 200);
    await token.offerPin('000000');
    await token.text('Wrong PIN. 9 attempts are left').waitFor();
    await phone.page.keyboard.type(PIN);
    await phone.page.keyboard.press('Enter');
    await token.heading('Code').waitFor();
    assert.match(await token.code(), /^\d{6}$/);
    await token.text(/^No connection to the server\. Codes work all the same/).waitFor();

    // What waits is not known: that is not nothing.
    await token.at('approvals');
    await token.text('Not known at the moment').waitFor();
    await token.at('approvals', 'any');
    await token.heading('No connection').waitFor();
    // A new page begins at its heading.
    assert.equal(await phone.page.evaluate('document.activeElement.textContent'), 'No connection');

    await token.at('offline');
    await phone.page.getByLabel('The payment as text, or its link').fill(text);
    await token.button('Show the payment').click();
    for (const part of ['Taller Núñez', '820.00']) await token.text(part).waitFor();
    await token.button('Press and hold to approve').press('Enter');
    await token.dialog.getByLabel('PIN', { exact: true }).fill(PIN);
    await token.dialog.getByRole('button', { name: 'Show the code' }).click();
    await token.heading('Approval code').waitFor();
    await desk.page.getByLabel('Code of this transfer').fill(await token.code());
    await bank.button('Approve').click();
    await bank.becomes('Approved');

    // Without a camera: twelve digits, the payee and the amount are typed.
    await bank.transfer({ payee: 'Taller Núñez', amount: '930.00' });
    await bank.text('No token at hand with a connection?').click();
    await bank.text('Type it into the token instead').click();
    const number = (await desk.page.getByText(/^\d{4} \d{4} \d{4}$/).textContent()) ?? '';
    await token.button('Start again').click();
    await token.button('Type').click();
    const mistyped = number.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
    await phone.page.getByLabel('Number of the payment').fill(mistyped);
    await phone.page.getByLabel('To (account)').fill('Taller Núñez');
    await phone.page.getByLabel('Amount').fill('930');
    await token.button('Show the payment').click();
    await token.text('its check digits do not fit').waitFor();
    await phone.page.keyboard.press('ControlOrMeta+a');
    await phone.page.keyboard.type(number);
    await token.button('Show the payment').click();
    await token.button('Press and hold to approve').press('Enter');
    await token.dialog.getByLabel('PIN', { exact: true }).fill(PIN);
    await token.dialog.getByRole('button', { name: 'Show the code' }).click();
    await token.heading('Approval code').waitFor();
    await desk.page.getByLabel('Code of this transfer').fill(await token.code());
    await desk.page.screenshot({ path: 'test-results/web/console-offline-number.png', fullPage: true });
    await phone.page.screenshot({ path: 'test-results/web/token-offline-number.png', fullPage: true });
    await bank.button('Approve').click();
    await bank.becomes('Approved');
    await token.at('settings');
    await token.heading('Settings').waitFor();
    await phone.context.setOffline(false);

    // The PIN in the order in which people think of it, and then one lock for all tabs.
    const newPin = '905173';
    await token.button('Change the PIN').click();
    const labels = await token.dialog.locator('label').allTextContents();
    assert.deepEqual(labels, ['Current PIN', 'New PIN', 'The PIN again']);
    await token.dialog.getByLabel('Current PIN').fill(PIN);
    await token.dialog.getByLabel('New PIN').fill(newPin);
    await token.dialog.getByLabel('The PIN again').fill(newPin);
    await token.dialog.getByRole('button', { name: 'Change the PIN' }).click();
    await token.text('The PIN is set.').waitFor();
    const other = new Token(await phone.context.newPage());
    await other.page.goto('/token');
    await other.offerPin(newPin);
    await other.heading('Code').waitFor();
    await token.button('Lock now').click();
    await token.heading('Open your token').waitFor();
    await other.heading('Open your token').waitFor();
    await leave();
  });

  test('what is displayed is what is signed: a payment changed on its way to the phone is refused', async () => {
    const { bank, token, phone, desk, leave } = await newCustomer(chromium, sello, 'erin');
    // A man in the middle shows a harmless payee instead of the requested one.
    await phone.context.route('**/v1/transactions?*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replaceAll('Mallory', 'Hospital') });
    });
    const id = await bank.transfer({ payee: 'Mallory', amount: '9000' });
    await token.open('Hospital');
    await token.consent();
    await token.text('The server did not accept the code.').waitFor();
    await bank.text('Approve on your token').waitFor();
    const found = await desk.page.evaluate(
      `fetch('/v1/transactions/${id}').then((answer) => answer.json()).then(({ status }) => status)`,
    );
    assert.equal(found, 'pending');
    // Nobody can check a payee that is written right to left.
    await phone.context.unroute('**/v1/transactions?*');
    await phone.context.route('**/v1/transactions?*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        body: (await response.text()).replaceAll('Mallory', 'Mal\u202elatipsoH'),
      });
    });
    await phone.page.reload();
    await token.offerPin(PIN);
    await token.at('approvals');
    await token.text('1 payment cannot be shown safely and is left out.').waitFor();
    await leave();
  });

  // Chromium's own push service needs the internet: the browser's subscription is replaced by one of the service on loopback,
  // and what that service got is delivered to the service worker by the debugger.
  test('a payment is told while the page is closed, without payee or amount, and the notification leads to it', async () => {
    const { bank, token, phone, leave } = await newCustomer(chromium, sello, 'gwen');
    await phone.context.grantPermissions(['notifications'], { origin: sello.origin });
    const { endpoint, keys } = pushService.subscribe();
    await phone.page.addInitScript(`(() => {
      let held = null;
      PushManager.prototype.getSubscription = async () => held;
      PushManager.prototype.subscribe = async (options) => {
        held = {
          endpoint: ${JSON.stringify(endpoint)},
          options: { applicationServerKey: options.applicationServerKey.buffer },
          toJSON: () => ({ keys: ${JSON.stringify(keys)} }),
          unsubscribe: async () => { held = null; return true; },
        };
        return held;
      };
    })()`);
    await phone.page.evaluate('navigator.serviceWorker.ready.then(() => 0)');
    await phone.page.reload();
    await token.offerPin(PIN);
    await token.at('settings');
    await token.button('Turn on notifications').click();
    await token.text('Notifications are on.').waitFor();
    await token.at('codes');
    await bank.transfer({ payee: 'Astilleros', amount: '640' });
    const { text, body } = await until(() => pushService.received[0]);
    assert.doesNotMatch(text, /Astilleros|640/);
    assert.ok(!body.includes(text));

    const session = await phone.context.newCDPSession(phone.page);
    const registrations: string[] = [];
    session.on('ServiceWorker.workerRegistrationUpdated', (event) =>
      registrations.push(...event.registrations.map(({ registrationId }) => registrationId)),
    );
    await session.send('ServiceWorker.enable');
    const registrationId = await until(() => registrations[0]);
    await session.send('ServiceWorker.deliverPushMessage', {
      origin: sello.origin,
      registrationId,
      data: text,
    });
    const shown = `navigator.serviceWorker.ready
      .then((worker) => worker.getNotifications())
      .then((all) => JSON.stringify(all.map(({ title, body, data, lang }) => ({ title, body, data, lang }))))`;
    const notifications = await until(async () => {
      const found = JSON.parse((await phone.page.evaluate(shown)) as string) as {
        title: string;
        data: string;
      }[];
      return found.length > 0 && found;
    });
    assert.deepEqual(notifications, [
      {
        title: 'A payment waits for you',
        body: 'Open Sello to look at it and to approve or refuse it.',
        data: (JSON.parse(text) as { transaction: string }).transaction,
        lang: 'en',
      },
    ]);
    const [worker] = phone.context.serviceWorkers();
    await worker?.evaluate(`registration.getNotifications().then(([notification]) => {
      dispatchEvent(new NotificationEvent('notificationclick', { notification }));
    })`);
    await token.heading('Approve this payment?').waitFor();
    await token.text('Astilleros').waitFor();
    await token.consent();
    await bank.becomes('Approved');

    await token.at('settings');
    await token.button('Turn off notifications').click();
    await token.button('Turn on notifications').waitFor();
    await leave();
  });

  test('in Spanish, the server’s refusals among it, and back to English without a reload', async () => {
    const desk = await chromium.visitor(sello.origin, { locale: 'es-ES' });
    const { page } = desk;
    await page.goto('/console');
    await page.getByRole('heading', { name: 'Hola de nuevo' }).waitFor();
    assert.equal(await page.evaluate('document.documentElement.lang'), 'es');
    await page.getByLabel('Usuario').fill('nadie');
    await page.getByLabel('Contraseña', { exact: true }).fill('equivocada');
    await page.getByRole('button', { name: 'Iniciar sesión', exact: true }).click();
    await page
      .getByRole('alert')
      .getByText(/usuario|contraseña/i)
      .first()
      .waitFor();
    await page.getByLabel('Idioma').selectOption('en');
    await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
    assert.equal(await page.evaluate('document.documentElement.lang'), 'en');
    const fran = new Console(page);
    await fran.register('fran');
    await fran.chooseLanguage('es');
    await page.getByRole('heading', { name: 'Hola, fran' }).waitFor();
    const phone = await chromium.visitor(sello.origin, { ...PHONE_OPTIONS, locale: 'es-AR' });
    await phone.page.goto('/token');
    await phone.page.getByRole('heading', { level: 1 }).waitFor();
    assert.equal(await phone.page.evaluate('document.documentElement.lang'), 'es');
    await desk.leave();
    await phone.leave();
  });
});
