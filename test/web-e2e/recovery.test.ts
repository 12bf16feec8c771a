/*
 * Goal: a user sees on the phone and in the console, at once, that administrators are giving the
 * account to a new device, and cancels it.
 * Method: as in payment.test.ts.
 */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from '../docs/machine.ts';
import { startChromium } from '../services/chromium.ts';
import { Administrator } from './administrator.ts';
import { newCustomer } from './customer.ts';
import { runSello } from './sello.ts';

const PICTURES = join(ROOT, 'test-results', 'web');
await mkdir(PICTURES, { recursive: true });
const [chromium, sello] = await Promise.all([startChromium({ after }), runSello({ after })]);

test('a recovery that an administrator asks for shows on the phone, and its user cancels it there', async () => {
  const { token: chief } = await Administrator.setUp(sello, 'chief');
  const { bank, token, desk, phone, leave } = await newCustomer(chromium, sello, 'erin');
  const found = await sello.ask('GET', '/v1/admin/users?search=erin', { token: chief });
  const path = `/v1/admin/users/${found.json.users[0].id}/recovery`;
  const ask = async () => assert.equal((await sello.ask('POST', path, { token: chief })).status, 201);

  await ask();
  await token.text(/account of erin to a new device: chief asked for it/).waitFor();
  await desk.page.reload();
  await bank.text('Administrators are giving your account to a new device').waitFor();
  await phone.page.screenshot({ path: join(PICTURES, 'token-recovery-390-light.png') });
  await desk.page.screenshot({ path: join(PICTURES, 'console-recovery-1280-light.png') });
  await token.button('Cancel the recovery').click();
  await token.button('Cancel the recovery').waitFor({ state: 'detached' });
  await desk.page.reload();
  await bank.text('Administrators are giving your account').waitFor({ state: 'detached' });

  // Asked for again, it is cancelled in the console; the phone follows.
  await ask();
  await desk.page.reload();
  await bank.button('Cancel the recovery').click();
  await bank.button('Cancel the recovery').waitFor({ state: 'detached' });
  await token.text(/account of erin to a new device/).waitFor({ state: 'detached' });
  await leave();
});
