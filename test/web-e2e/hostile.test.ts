/*
 * Goal: input from a user, another site or a man in the middle cannot make the pages execute it, be framed, act in another
 * user's name, link elsewhere, or show another user's data.
 * Method: as in payment.test.ts, and a second site: on another port of the same host, which for cookies is the same site
 * (the harder case), and on another host.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { startChromium, untilInPage, type Visitor } from '../services/chromium.ts';
import { Administrator } from './administrator.ts';
import { Console, PASSWORD } from './console.ts';
import { newCustomer, PHONE_OPTIONS } from './customer.ts';
import { runSello } from './sello.ts';
import { Token } from './token.ts';

const ENROLMENT_MS = 10_000;
const [chromium, sello, brief] = await Promise.all([
  startChromium({ after }),
  runSello({ after }),
  runSello({ after }, { flags: { '--enrolment-ttl-ms': `${ENROLMENT_MS}` } }),
]);

/** Serves a page of another site at `/`. */
const foreign = createServer((_request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end('<!doctype html><title>Prizes</title><h1>You have won</h1>');
});
await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
after(() => foreign.close());
const { port } = foreign.address() as AddressInfo;
const FOREIGN = [`http://localhost:${port}`, `http://127.0.0.1:${port}`];
/** Messages of Chromium about what it blocked and what the other site requested. */
const STOPPED: readonly RegExp[] = [
  /frame-ancestors/,
  /blocked by CORS policy/,
  /a request to another origin/,
  /Failed to load resource/,
  /Refused to|violates the following/,
];

/** Asserts that typed markup appears as text and not as elements. */
async function assertInert({ page }: Visitor, text: string): Promise<void> {
  await page.getByText(text).filter({ visible: true }).first().waitFor();
  const made = await page.evaluate(
    "document.querySelectorAll('[onerror], [onload], img[src=x], main script, main iframe').length + Number('attacked' in window)",
  );
  assert.equal(made, 0, text);
}

describe('hostile input', { concurrency: 2 }, () => {
  test('texts that users set are texts: user name, payee, payer, device, browser, service', async () => {
    const username = '<img src=x onerror=attacked=1>';
    const payee = '<svg onload=attacked=1>"\'`{{attacked=1}}';
    const payer = '</script><script>attacked=1</script>';
    const label = '<b onload=attacked=1>{{x}}</b>';
    const { bank, token, desk, phone, leave } = await newCustomer(chromium, sello, username, {
      userAgent: '<iframe src=javascript:attacked=1>',
    });
    await assertInert(desk, username);
    await token.at('tokens');
    await phone.page
      .getByRole('link', { name: /^Details of/ })
      .first()
      .click();
    await token.button('Rename').click();
    await token.dialog.getByLabel('Name on this device').fill(label);
    await token.button('Save').click();
    await assertInert(phone, label);
    await assertInert(phone, username);
    await bank.transfer({ payer, payee, amount: '600' });
    await assertInert(desk, payee);
    await assertInert(desk, payer);
    await token.at('approvals');
    await phone.page.getByRole('link', { name: /Payment/ }).click();
    await assertInert(phone, payee);
    await assertInert(phone, payer);
    await token.consent();
    await token.heading('Approved').waitFor();
    await bank.becomes('Approved');
    await desk.page.getByRole('link', { name: 'Show the receipt' }).click();
    await assertInert(desk, payer);
    for (const [place, text] of [
      ['history', payee],
      ['transfers', payee],
      ['receipts', payee],
      ['security', '<iframe src=javascript:attacked=1>'],
    ] as const) {
      await bank.at(place);
      await assertInert(desk, text);
    }
    await leave();

    const administrator = await Administrator.setUp(sello, 'chief');
    const office = await chromium.visitor(sello.origin);
    const chief = await new Console(office.page).logInByCode(administrator);
    for (const [place, text] of [
      [['operator', 'users'], username],
      [['operator', 'users', username], username],
      [['operator', 'transactions'], payee],
      [['operator', 'journal'], payee],
    ] as const) {
      await chief.at(...place);
      await assertInert(office, text);
    }
    // The server accepts no markup in the name of a service.
    await chief.at('operator', 'services');
    const made = await sello.ask('POST', '/v1/admin/services', {
      body: { name: '<b>shop</b>', scopes: ['codes:verify'] },
      token: administrator.token,
    });
    assert.deepEqual([made.status, made.json.code], [422, 'service_invalid']);
    await office.leave();
  });

  test('no other site frames a page, same host or not', async () => {
    for (const origin of FOREIGN) {
      const victim = await chromium.visitor(origin, { expected: STOPPED });
      await victim.page.goto('/');
      for (const path of ['/', '/console', '/token', '/docs']) {
        const url = `${sello.origin}${path}`;
        const loaded = victim.page.waitForEvent('framenavigated');
        await victim.page.evaluate(
          `new Promise((done) => { const frame = document.createElement('iframe'); frame.onload = done; frame.src = ${JSON.stringify(url)}; document.body.append(frame); })`,
        );
        await loaded;
        const shown = victim.page.frames().map((frame) => frame.url());
        assert.ok(
          !shown.includes(url) && shown.includes('chrome-error://chromewebdata/'),
          `${url}: ${shown}`,
        );
        await victim.page.evaluate("document.querySelector('iframe').remove()");
      }
      await victim.leave();
    }
  });

  test('no other site acts in the name of the logged-in user', async () => {
    for (const [index, origin] of FOREIGN.entries()) {
      const username = `liam${index}`;
      const desk = await chromium.visitor(sello.origin, { expected: STOPPED });
      await new Console(desk.page).register(username);
      const other = await desk.context.newPage();
      await other.goto(origin);
      const transfer = { payer: 'ES79', payee: 'Mallory', amount: '1.00', currency: 'EUR' };
      const results = await other.evaluate(`(async () => {
        const ask = (method, path, headers, body) => fetch(${JSON.stringify(sello.origin)} + path, { method, credentials: 'include', headers, body, mode: 'cors' }).then(({ status }) => status, () => 'stopped');
        const body = ${JSON.stringify(JSON.stringify(transfer))};
        return [
          await ask('POST', '/v1/transactions', { 'content-type': 'application/json' }, body),
          await ask('POST', '/v1/transactions', { 'content-type': 'text/plain' }, body),
          await ask('POST', '/v1/enrolments', { 'content-type': 'text/plain' }, '{}'),
          await ask('DELETE', '/v1/sessions/current', {}, undefined),
          await ask('GET', '/v1/transactions', {}, undefined),
          await ask('GET', '/v1/events', {}, undefined),
        ];
      })()`);
      assert.deepEqual(results, Array(6).fill('stopped'));
      // A form needs no CORS permission: its text/plain body is made to parse as JSON.
      const form = `<form method="post" enctype="text/plain" action="${sello.origin}/v1/transactions"><input name='${JSON.stringify(transfer).slice(0, -1)},"x":"' value='"}'></form>`;
      await other.setContent(form);
      await Promise.all([other.waitForNavigation(), other.evaluate('document.forms[0].submit()')]);
      assert.match((await other.textContent('body')) ?? '', /"status":4\d\d/);
      const state = await desk.page.evaluate(
        "Promise.all(['/v1/transactions', '/v1/sessions'].map((path) => fetch(path).then((answer) => answer.json())))",
      );
      const [{ transactions }, { sessions }] = state as [
        { transactions: unknown[] },
        { sessions: unknown[] },
      ];
      assert.deepEqual([transactions.length, sessions.length], [0, 1]);
      await desk.leave();
    }
  });

  test('no address leads to another site', async () => {
    const desk = await chromium.visitor(sello.origin);
    const { page } = desk;
    await new Console(page).register('mia');
    for (const address of [
      '/console?next=https://evil.example/',
      '/console#//evil.example/',
      '/console#/https://evil.example/',
      '/console#https://evil.example/',
      '/console#javascript:attacked=1',
      '/console#/transfers/..%2f..%2fevil.example',
      '/console#/transfers/%E0%A4%A',
      '/console#/devices/enrol/https:%2f%2fevil.example',
      '/?next=//evil.example',
      '/token?next=//evil.example#//evil.example',
      '/token#approve=aHR0cHM6Ly9ldmlsLmV4YW1wbGU',
    ]) {
      await page.goto('about:blank');
      await page.goto(address);
      await page.getByRole('heading', { level: 1 }).waitFor();
      assert.equal(new URL(page.url()).origin, sello.origin, address);
      const links = await page.evaluate(
        "[...document.links].map(({ origin, protocol }) => protocol + ' ' + origin)",
      );
      for (const link of links as string[]) assert.equal(link, `http: ${sello.origin}`, address);
      assert.equal(await page.evaluate("'attacked' in window"), false, address);
    }
    const token = new Token(page);
    await page.goto('/token');
    await page
      .getByLabel('Enrolment code or link')
      .fill('https://evil.example/token#enrol=a3.Zm9vYmFyYmF6cXV4');
    await token.button('Continue').click();
    await token.text('This code belongs to another server.').waitFor();
    await desk.leave();
  });

  test('an invitation is good once, and not when its time is over', async () => {
    // On a server whose invitations last ten seconds. This one is used after its expiry.
    const body = { username: 'noah', password: PASSWORD };
    await brief.ask('POST', '/v1/users', { body });
    const { json: session } = await brief.ask('POST', '/v1/sessions', { body });
    const { json: invitation } = await brief.ask('POST', '/v1/enrolments', {
      body: {},
      token: session.access_token,
    });
    const overAt = Date.parse(invitation.expires_at);

    const { token, desk, bank, leave } = await newCustomer(chromium, sello, 'olga');
    await bank.at('devices');
    await desk.page.getByRole('link', { name: 'Set up a token' }).click();
    await desk.page.getByLabel('Code', { exact: true }).fill(await token.code());
    await bank.button('Continue').click();
    const link =
      (await desk.page.getByRole('link', { name: 'Open on this device' }).getAttribute('href')) ?? '';
    const second = await chromium.visitor(sello.origin, PHONE_OPTIONS);
    await new Token(second.page).enrol(link, 'Second');
    await second.leave();
    const third = await chromium.visitor(sello.origin, PHONE_OPTIONS);
    const thief = new Token(third.page);
    await thief.begin(link, 'Third');
    await thief.offerNewPin();
    await third.page.getByRole('alert').filter({ hasText: 'There is no such invitation' }).waitFor();
    assert.equal(await thief.heading('Your token is ready').count(), 0);
    await third.leave();

    const late = await chromium.visitor(brief.origin, PHONE_OPTIONS);
    const latecomer = new Token(late.page);
    await latecomer.begin(invitation.link);
    await untilInPage(late.page, `Date.now() > ${overAt + 500}`);
    await latecomer.offerNewPin();
    // Upkeep deletes an expired invitation within a minute: on a busy machine that comes first.
    await late.page
      .getByText(/expired|over|no such invitation/i)
      .first()
      .waitFor();
    assert.equal(await latecomer.heading('Your token is ready').count(), 0);
    await late.leave();
    await leave();
  });

  test('an event stream delivers only the user’s own events', async () => {
    const [hers, his] = await Promise.all([chromium.visitor(sello.origin), chromium.visitor(sello.origin)]);
    const [paula, quinn] = await Promise.all([
      new Console(hers.page).register('paula'),
      new Console(his.page).register('quinn'),
    ]);
    const follow = (after: string) =>
      `(async () => {
        const { body } = await fetch('/v1/events', { headers: ${JSON.stringify(after === '' ? {} : { 'last-event-id': after })} });
        const reader = body.pipeThrough(new TextDecoderStream()).getReader();
        let read = '';
        while (!read.includes('Own payee')) { const { value, done } = await reader.read(); if (done) break; read += value; }
        await reader.cancel();
        return read;
      })()`;
    const following = ['1', '2', ''].map((position) => his.page.evaluate(follow(position)));
    const id = await paula.transfer({ payee: 'Her payee', amount: '12' });
    await quinn.transfer({ payee: 'Own payee', amount: '13' });
    for (const read of await Promise.all(following)) {
      assert.match(String(read), /Own payee/);
      assert.doesNotMatch(String(read), /Her payee|paula/);
      assert.ok(!String(read).includes(id));
    }
    const stranger = await fetch(`${sello.origin}/v1/events`);
    assert.equal(stranger.status, 401);
    // Another user's transaction is not found by its address either.
    await quinn.at('transfers', id);
    await quinn.text('No such transfer').waitFor();
    await hers.leave();
    await his.leave();
  });
});
