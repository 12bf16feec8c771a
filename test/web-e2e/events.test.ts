/*
 * Goal: an administrator makes a webhook, tries it, reads its delivery log, sends an event again, changes its secret, disables and
 * enables it, and sees which receiver fails, in both languages.
 * Method: as in payment.test.ts; a receiver on loopback that verifies each signature, and a syslog server that is not there;
 * pictures in test-results/web.
 */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { ROOT } from '../docs/machine.ts';
import { axe } from '../services/axe.ts';
import { DESKTOP, PHONE, showIn, startChromium, type Visitor } from '../services/chromium.ts';
import { freePort } from '../services/free-port.ts';
import { WebhookReceiver } from '../services/webhook-receiver.ts';
import { until } from '../waiting.ts';
import { Administrator } from './administrator.ts';
import { Console } from './console.ts';
import { runSello } from './sello.ts';

const PICTURES = join(ROOT, 'test-results', 'web');
await mkdir(PICTURES, { recursive: true });
const flags = {
  '--webhooks-private-addresses-allowed': '["127.0.0.1"]',
  '--syslog-address': `tcp://127.0.0.1:${await freePort()}`,
};
const [chromium, sello, receiver] = await Promise.all([
  startChromium({ after }),
  runSello({ after }, { flags }),
  WebhookReceiver.start({ after: (task) => after(() => (task as () => void)?.()) }),
]);

async function look({ page }: Visitor, name: string): Promise<void> {
  for (const scheme of ['dark', 'light'] as const) {
    await showIn(page, scheme);
    const { violations } = await axe(page);
    assert.deepEqual(violations, [], `${name}, ${scheme}`);
    for (const viewport of [PHONE, DESKTOP]) {
      await page.setViewportSize(viewport);
      await page.screenshot({
        path: join(PICTURES, `operator-${name}-${viewport.width}-${scheme}.png`),
        animations: 'disabled',
        fullPage: true,
      });
    }
  }
}

test('a webhook is made, tried, rotated, disabled and replayed on its page; a receiver that fails is seen', async () => {
  const administrator = await Administrator.setUp(sello, 'chief');
  const desk = await chromium.visitor(sello.origin);
  const { page } = desk;
  const chief = await new Console(page).logInByCode(administrator);
  const dialog = page.getByRole('dialog');

  await chief.text('Events do not arrive').waitFor();
  await page.getByRole('link', { name: 'See receivers' }).click();
  await chief.text('Not reached').first().waitFor();
  await chief.button('New webhook').click();
  await dialog.getByRole('textbox', { name: 'Address' }).fill('http://10.0.0.1/hooks');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByRole('textbox', { name: 'Address' }).fill(receiver.url);
  await dialog.getByLabel('Types').fill('admin.*, user.registered');
  await look(desk, 'webhook-create');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await chief.text('It is shown this once.').waitFor();
  const secretAt = page.locator('code').filter({ hasText: /^whsec_/ });
  const first = (await secretAt.textContent()) ?? '';
  await look(desk, 'webhook-secret');
  await chief.button('I have kept it').click();
  await secretAt.waitFor({ state: 'detached' });
  await look(desk, 'events');

  await page.getByRole('link', { name: receiver.url }).click();
  await chief.button('Send a test event').click();
  await chief.text('It is sent now.').waitFor();
  const tests = () => receiver.received.filter(({ body }) => body.includes('"sello.test"'));
  await until(() => tests().length === 1);
  for (const { body, headers } of receiver.received)
    new Webhook(first).verify(body, headers as Record<string, string>);

  await chief.button('New secret').click();
  await dialog.getByRole('button', { name: 'Make the secret' }).click();
  await chief.text('It is shown this once.').waitFor();
  const second = (await secretAt.textContent()) ?? '';
  assert.notEqual(second, first);
  await chief.button('I have kept it').click();
  await chief.text(/The one before, until /).waitFor();

  const shown = page.getByRole('rowheader').getByRole('button');
  await until(async () => {
    await chief.button('Refresh').click();
    return (await shown.count()) > 0;
  });
  await look(desk, 'webhook');
  const before = receiver.received.length;
  await shown.first().click();
  await dialog.getByText('What was sent').waitFor();
  await dialog.getByText(/webhook-signature: v1,/).waitFor();
  await look(desk, 'webhook-delivery');
  await dialog.getByRole('button', { name: 'Send again' }).click();
  const again = await until(() => receiver.received[before]);
  for (const secret of [first, second])
    new Webhook(secret).verify(again.body, again.headers as Record<string, string>);

  await chief.button('Disable').click();
  await dialog.getByRole('button', { name: 'Disable' }).click();
  await chief.text('Disabled').waitFor();
  await chief.button('Enable').click();
  await chief.button('Disable').waitFor();
  const count = receiver.received.length;
  await chief.button('Send again from an entry').click();
  await dialog.getByLabel('Entry of the log').fill('x');
  await dialog.getByText('A number, such as 0 for everything.').waitFor();
  await dialog.getByLabel('Entry of the log').fill('0');
  await dialog.getByRole('button', { name: 'Send again' }).click();
  await until(() => receiver.received.slice(count).some(({ id }) => id === 'evt_0'));

  await chief.button('Delete').click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await chief.text('No webhook yet').waitFor();

  await page.evaluate("localStorage.setItem('sello-language', 'es')");
  await page.reload();
  await page.getByRole('heading', { name: 'Eventos y webhooks' }).waitFor();
  await page.getByText('No se alcanza').first().waitFor();
  await look(desk, 'events-es');
  await desk.leave();
});
