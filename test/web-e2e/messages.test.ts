/*
 * Goal: two people write to each other on their phones, compare their safety number, and are warned where the server shows
 * another key; every screen is accessible and fits a narrow phone.
 * Method: Debian's Chromium, the real server with the built pages; the swap is made in the server's answers. Pictures of each
 * screen are in test-results/web.
 */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { makeIdentityKeys, publicJwksOf } from '../../src/client/messages/identity-keys.ts';
import { ROOT } from '../docs/machine.ts';
import { axe } from '../services/axe.ts';
import { startChromium } from '../services/chromium.ts';
import { type Customer, newCustomer } from './customer.ts';
import { runSello } from './sello.ts';
import { PIN } from './token.ts';

const PICTURES = join(ROOT, 'test-results', 'web');
await mkdir(PICTURES, { recursive: true });
const [chromium, sello] = await Promise.all([startChromium({ after }), runSello({ after })]);

async function look(page: Page, name: string): Promise<void> {
  const { violations } = await axe(page);
  assert.deepEqual(violations, [], name);
  const width = await page.evaluate('document.documentElement.scrollWidth');
  assert.ok(Number(width) <= (page.viewportSize()?.width ?? 0), `${name} is too wide`);
  await page.screenshot({ path: join(PICTURES, `messages-${name}.png`), animations: 'disabled' });
}

async function setUp({ token, phone }: Customer): Promise<void> {
  await token.at('messages');
  await token.heading('Messages').waitFor();
  await token.page.getByLabel('PIN', { exact: true }).fill(PIN);
  await look(phone.page, 'set-up');
  await token.button('Set up messages').click();
  await token.text('No message waits for you').waitFor();
}

async function begin({ token, phone }: Customer, to: string): Promise<void> {
  await token.button('Write').click();
  await phone.page.getByLabel('To').fill(to);
  await token.button('Continue').click();
}

const numberOf = async ({ phone }: Customer) =>
  phone.page
    .getByRole('img', { name: /^Safety number/ })
    .first()
    .getAttribute('aria-label');

test('two phones: set up, compare, write, read; then a swapped key', async () => {
  const [alice, bob] = await Promise.all([
    newCustomer(chromium, sello, 'alice'),
    newCustomer(chromium, sello, 'bob'),
  ]);
  await Promise.all([setUp(alice), setUp(bob)]);

  await begin(alice, 'nobody');
  await alice.token.text('Nobody of that name can be sent sealed messages.').waitFor();
  await alice.phone.page.getByLabel('To').fill('bob');
  await alice.token.button('Continue').click();
  await alice.token.text('are seen here for the first time').waitFor();
  await look(alice.phone.page, 'compose-first');
  const number = await numberOf(alice);
  await alice.phone.page.getByLabel('Text').fill('Hola Bob: firmado y sellado ✍️');
  await alice.token.button('Seal and send').click();
  await alice.token.text('Sealed and sent.').waitFor();
  await look(alice.phone.page, 'sent');

  await bob.token.button('Look again').click();
  await bob.phone.page.getByRole('button', { name: /^alice/ }).click();
  await bob.token.text('Hola Bob: firmado y sellado ✍️').waitFor();
  await bob.token.text(/^Signed by alice/).waitFor();
  await look(bob.phone.page, 'opened');
  await bob.token.button('Back to the inbox').click();
  await bob.token.text('No message waits for you').waitFor();

  await begin(bob, 'alice');
  await bob.token.text('You have not compared the number yet').waitFor();
  assert.equal(await numberOf(bob), number, 'both see one number');
  await bob.token.button('It is the same on their screen').click();
  await bob.token.text('are those that you compared').waitFor();

  const swapped = await publicJwksOf(await makeIdentityKeys());
  await bob.phone.page.route('**/v1/identities/alice', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), ...swapped } });
  });
  await bob.phone.page.getByLabel('To').fill('');
  await bob.phone.page.getByLabel('To').fill('alice');
  await bob.token.button('Continue').click();
  await bob.phone.page.getByRole('alert').getByText('The keys of alice have changed.').waitFor();
  assert.notEqual(await numberOf(bob), number);
  assert.equal(await bob.token.button('Seal and send').count(), 0, 'nothing can be sent');
  await look(bob.phone.page, 'changed');
  await alice.leave();
  await bob.leave();
});
