/*
 * Goal: an operator revokes one token of a user and one of two keys of a service, after confirming; the user's phone and
 * history show it, the program with the revoked key is refused, and the other key keeps working.
 * Method: as in payment.test.ts; pictures of both pages in test-results/web.
 */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from '../docs/machine.ts';
import { axe } from '../services/axe.ts';
import { DESKTOP, PHONE, startChromium, type Visitor } from '../services/chromium.ts';
import { Administrator } from './administrator.ts';
import { Console } from './console.ts';
import { newCustomer } from './customer.ts';
import { runSello } from './sello.ts';

const PICTURES = join(ROOT, 'test-results', 'web');
await mkdir(PICTURES, { recursive: true });
const [chromium, sello] = await Promise.all([startChromium({ after }), runSello({ after })]);

async function look({ page }: Visitor, name: string): Promise<void> {
  const { violations } = await axe(page);
  assert.deepEqual(violations, [], name);
  for (const viewport of [PHONE, DESKTOP]) {
    await page.setViewportSize(viewport);
    await page.screenshot({
      path: join(PICTURES, `operator-${name}-${viewport.width}-light.png`),
      animations: 'disabled',
      fullPage: true,
    });
  }
}

test('one token of a user and one key of a service are revoked on their pages', async () => {
  const administrator = await Administrator.setUp(sello, 'chief');
  const { token } = administrator;
  const body = { name: 'shop', scopes: ['transactions:read'] };
  const older = await sello.ask('POST', '/v1/admin/services', { token, body });
  const newer = await sello.ask('POST', '/v1/admin/services/shop/keys', { token });
  const iris = await newCustomer(chromium, sello, 'iris');
  const desk = await chromium.visitor(sello.origin);
  const { page } = desk;
  const chief = await new Console(page).logInByCode(administrator);
  const dialog = page.getByRole('dialog');

  await chief.at('operator', 'users', 'iris');
  await chief.button('Revoke Phone').waitFor();
  await chief.text('Approvals and log-in codes').waitFor();
  await chief.text('Token activated').waitFor();
  await look(desk, 'user-tokens');
  await chief.button('Revoke Phone').click();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await chief.button('Revoke Phone').click();
  await dialog.getByRole('heading', { name: 'Revoke “Phone” of iris?' }).waitFor();
  await look(desk, 'user-token-revoke');
  await dialog.getByRole('button', { name: 'Revoke it' }).click();
  await chief.text('No token in use.').waitFor();
  await chief.text('Token revoked').waitFor();
  await chief.button('Show revoked ones (1)').click();
  await chief.text('Phone').waitFor();
  assert.equal(await chief.button('Revoke Phone').count(), 0);
  await iris.token.text(/ended this device’s session/).waitFor();
  await iris.bank.at('history');
  await iris.bank.text('A token was revoked.').waitFor();
  await iris.bank.text('By chief').waitFor();

  await chief.at('operator', 'services');
  const revoke = page.getByRole('button', { name: /^Revoke key slo_\S+ of shop$/ });
  await revoke.first().waitFor();
  assert.equal(await revoke.count(), 2);
  await look(desk, 'service-keys');
  await revoke.last().click();
  await look(desk, 'service-key-revoke');
  await dialog.getByRole('button', { name: 'Revoke the key' }).click();
  await revoke.first().waitFor({ state: 'detached' });
  const opens = async ({ json }: typeof older) =>
    (await sello.ask('GET', '/v1/transactions', { token: json.key })).status;
  assert.deepEqual([await opens(older), await opens(newer)], [401, 200]);
  await iris.leave();
  await desk.leave();
});
