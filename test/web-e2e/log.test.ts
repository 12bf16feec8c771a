/*
 * Goal: anyone checks a receipt without a log-in, and operators the whole log, in the browser; a changed receipt, a proof of
 * another entry and a damaged log are named. An administrator erases a user.
 * Method: Debian's Chromium on the real server; the receipt is made over the REST API. Pictures go to test-results/web.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { canonicalJson } from '../../src/domain/encoding/canonical-json.ts';
import { ROOT } from '../docs/machine.ts';
import { axe } from '../services/axe.ts';
import { PHONE, showIn, startChromium } from '../services/chromium.ts';
import { until } from '../waiting.ts';
import { Administrator } from './administrator.ts';
import { Console, PASSWORD } from './console.ts';
import { runSello } from './sello.ts';

const PICTURES = join(ROOT, 'test-results', 'web');
await mkdir(PICTURES, { recursive: true });
const [chromium, sello] = await Promise.all([startChromium({ after }), runSello({ after })]);
const root = await Administrator.setUp(sello, 'root');

/** An approved transaction's receipt, whose entry is sealed. */
async function receiptOf(username: string): Promise<{ readonly jws: string; readonly proof: string }> {
  await sello.ask('POST', '/v1/users', { body: { username, password: PASSWORD } });
  const session = await sello.ask('POST', '/v1/sessions', { body: { username, password: PASSWORD } });
  const token: string = session.json.access_token;
  const { json: challenges } = await sello.ask('POST', '/v1/challenges', { token, body: {} });
  const { nonce } = challenges.challenges[0];
  const transfer = { payer: 'ES79-2100-0813', payee: 'Librería Lume', amount: '120.50', currency: 'EUR' };
  const key = createHash('sha256').update(PASSWORD).digest();
  const text = canonicalJson({ ...transfer, challenge: nonce, v: 1 });
  const mac = createHmac('sha256', key).update(text).digest('hex');
  const made = await sello.ask('POST', '/v1/transactions', {
    ...{ token, body: { ...transfer, nonce, mac } },
    headers: { 'idempotency-key': randomUUID() },
  });
  assert.equal(made.status, 201, JSON.stringify(made.json));
  const { json } = await sello.ask('GET', `/v1/receipts/${made.json.id}`, { token });
  const proof = await until(async () => {
    const response = await fetch(`${sello.origin}/v1/receipts/${made.json.id}/proof`);
    return response.ok ? response.text() : undefined;
  });
  return { jws: json.receipt, proof };
}

async function look(page: Page, name: string): Promise<void> {
  const violations: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await showIn(page, colorScheme);
    violations.push(...(await axe(page)).violations);
    await page.screenshot({
      path: join(PICTURES, `${name}-${colorScheme}.png`),
      fullPage: true,
      animations: 'disabled',
    });
  }
  const own = page.viewportSize();
  await page.setViewportSize(PHONE);
  await page.screenshot({
    path: join(PICTURES, `${name}-phone.png`),
    fullPage: true,
    animations: 'disabled',
  });
  assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name} is too wide`);
  if (own) await page.setViewportSize(own);
  assert.deepEqual(violations, [], name);
}

describe('the log', { concurrency: 2 }, () => {
  test('anyone checks a receipt by its address, and what is changed is named', async () => {
    const [own, other] = [await receiptOf('alice'), await receiptOf('carol')];
    const visitor = await chromium.visitor(sello.origin);
    const { page } = visitor;
    const says = (text: string | RegExp) => page.getByText(text).first().waitFor();
    await page.goto(`/verify#${own.jws}`);
    await says('Genuine');
    await says(/The decision is entry \d+ of the log localhost/);
    await says('Librería Lume');
    await says(/120\.50/);
    await look(page, 'verify-genuine');
    await page.getByLabel('Language').selectOption('es');
    await says('Consta en el registro');
    await says('Aprobado por');
    await look(page, 'verify-genuine-es');
    await page.getByLabel('Idioma').selectOption('en');

    const [header = '', body = '', signature = ''] = own.jws.split('.');
    const claims = Buffer.from(body, 'base64url').toString().replace('120.50', '920.50');
    const receipt = page.getByLabel('Receipt');
    await receipt.fill([header, Buffer.from(claims).toString('base64url'), signature].join('.'));
    await page.getByRole('button', { name: 'Verify' }).click();
    await says('Not genuine');
    assert.equal(await page.getByText('In the log').count(), 0);
    await look(page, 'verify-false');
    await receipt.fill('what is this');
    await page.getByRole('button', { name: 'Verify' }).click();
    await says('This is not a receipt in the form that Sello signs.');

    await receipt.fill(own.jws);
    await page.getByText('I have a proof file').click();
    const proof = page.getByRole('textbox', { name: 'I have a proof file' });
    await proof.fill(other.proof);
    await page.getByRole('button', { name: 'Verify' }).click();
    await says('The proof does not hold');
    await proof.fill(own.proof);
    await page.getByRole('button', { name: 'Verify' }).click();
    await says('In the log');
    await visitor.leave();
  });

  test('an operator verifies the whole log in the browser, and erases a user', async () => {
    await receiptOf('bob');
    const visitor = await chromium.visitor(sello.origin);
    const { page } = visitor;
    const bank = new Console(page);
    await bank.logInByCode(root);
    await bank.at('operator', 'log');
    await bank.text('This server seals').waitFor();
    await bank.button('Verify the log').click();
    await bank.text(/The log is whole: \d+ entries/).waitFor();
    await look(page, 'operator-log');
    await bank.at('operator', 'users', 'bob');
    await bank.button('Erase').click();
    await look(page, 'operator-erase');
    await bank.button('Erase for good').click();
    await bank.text('No such user').waitFor();
    await bank.at('operator', 'log');
    await bank.button('Verify the log').click();
    await bank.text(/The log is whole: \d+ entries/).waitFor();
    await visitor.leave();
  });
});
