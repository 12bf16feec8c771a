/*
 * Goal: an administrator sees a user's keys for messages, records what they saw of the person, and revokes them; the user sees
 * them too.
 * Method: Debian's Chromium on the real server; the keys are enrolled over the REST API. Pictures go to test-results/web.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeIdentityKeys, publicJwksOf } from '../../src/client/messages/identity-keys.ts';
import { decodeBase32 } from '../../src/domain/encoding/base32.ts';
import { identityQuestion } from '../../src/domain/identity/identity-question.ts';
import { boundCode } from '../../src/domain/otp/bound-code.ts';
import { ROOT } from '../docs/machine.ts';
import { axe } from '../services/axe.ts';
import { PHONE, startChromium } from '../services/chromium.ts';
import { Administrator } from './administrator.ts';
import { Console, PASSWORD } from './console.ts';
import { runSello } from './sello.ts';

const PICTURES = join(ROOT, 'test-results', 'web');
await mkdir(PICTURES, { recursive: true });
const [chromium, sello] = await Promise.all([startChromium({ after }), runSello({ after })]);

/** A user with keys in force. @returns the thumbprint of the signing key */
async function withKeys(username: string): Promise<string> {
  await sello.ask('POST', '/v1/users', { body: { username, password: PASSWORD } });
  const session = await sello.ask('POST', '/v1/sessions', { body: { username, password: PASSWORD } });
  const token: string = session.json.access_token;
  const { json } = await sello.ask('POST', '/v1/tokens', { token, body: { type: 'ocra' } });
  const seed = decodeBase32(json.secret) ?? assert.fail();
  const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array) =>
    createHmac(algorithm, key).update(message).digest();
  const code = (question: string) => boundCode(hmac, seed, question, Date.now());
  const first = { code: code(json.activation_question) };
  await sello.ask('POST', `/v1/tokens/${json.id}/activation`, { token, body: first });
  const keys = await makeIdentityKeys();
  const question = identityQuestion({ user: username, sign: keys.signKey, seal: keys.sealKey });
  const body = { ...(await publicJwksOf(keys)), code: code(question) };
  const enrolled = await sello.ask('POST', '/v1/identities', { token, body });
  assert.equal(enrolled.status, 201, JSON.stringify(enrolled.json));
  return keys.signKey;
}

test('an administrator compares the keys of a user, records what they saw, and revokes them', async () => {
  const administrator = await Administrator.setUp(sello, 'chief');
  const thumbprint = await withKeys('alice');
  const desk = await chromium.visitor(sello.origin);
  const chief = await new Console(desk.page).logInByCode(administrator);
  await chief.at('operator', 'users', 'alice');
  await desk.page.getByRole('heading', { name: 'Keys for messages' }).waitFor();
  await chief.text(thumbprint).waitFor();
  await chief.text('nobody looked at the person').waitFor();
  await desk.page.getByLabel('What was seen').fill('passport …3456, in the branch');
  await chief.button('Record the verification').click();
  await chief.text('an administrator compared them with the person').waitFor();
  for (const [size, viewport] of [
    ['wide', { width: 1280, height: 900 }],
    ['phone', PHONE],
  ] as const) {
    await desk.page.setViewportSize(viewport);
    const { violations } = await axe(desk.page);
    assert.deepEqual(violations, [], size);
    const width = await desk.page.evaluate('document.documentElement.scrollWidth');
    assert.ok(Number(width) <= viewport.width, `${size} is too wide`);
    await desk.page
      .getByRole('region', { name: 'Keys for messages' })
      .screenshot({ path: join(PICTURES, `identity-${size}.png`), animations: 'disabled' });
  }
  const phone = await chromium.visitor(sello.origin, { viewport: PHONE });
  const alice = await new Console(phone.page).logIn('alice');
  await alice.at('security');
  await alice.text(thumbprint).waitFor();
  await alice.text('an administrator compared them with you').waitFor();
  assert.deepEqual((await axe(phone.page)).violations, []);
  const width = await phone.page.evaluate('document.documentElement.scrollWidth');
  assert.ok(Number(width) <= PHONE.width, 'own keys are too wide');
  await phone.page
    .getByRole('region', { name: 'Keys for messages' })
    .screenshot({ path: join(PICTURES, 'identity-own.png'), animations: 'disabled' });
  await phone.leave();
  await chief.button('Revoke the keys').click();
  await desk.page.getByRole('dialog').getByRole('button', { name: 'Revoke the keys' }).click();
  await chief.text('No keys are in force').waitFor();
  await desk.leave();
});
