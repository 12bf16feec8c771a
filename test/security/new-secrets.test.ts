/*
 * Goal: the secrets that enrolment, devices, passkeys and the set-up link hand out are written nowhere in the clear: not
 * to the log at its most verbose, not to the journal, not to any file of the data folder, idempotency records included.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeBase32 } from '../../src/domain/encoding/base32.ts';
import { temporaryFolder } from '../services/application.ts';
import { Authenticator } from '../services/authenticator.ts';
import { PASSWORD, testHttp } from '../wire/http/http-fixture.ts';
import { VirtualDevice } from '../wire/http/virtual-device.ts';

const ORIGIN = 'https://sello.example';

test('the secrets of enrolment, devices, passkeys and set-up are in no log and no file', async (t) => {
  const logged: string[] = [];
  const log = (fields: object, message: string) => void logged.push(JSON.stringify(fields), message);
  const logger = { debug: log, info: log, warn: log, error: log };
  const dataDir = await temporaryFolder(t);
  const flags = { '--data-dir': dataDir };
  const fixture = await testHttp(t, { logger, publicUrl: ORIGIN, flags });
  const setupCode = fixture.server.dependencies.firstAdministrator?.code ?? '';
  const made = await fixture.post('/v1/setup', undefined, {
    ...{ code: setupCode, username: 'root', password: PASSWORD },
  });
  assert.equal(made.status, 201);
  const root = await fixture.logIn('root');
  await fixture.prove(root);
  const alice = await fixture.user('alice');

  const once = { 'idempotency-key': 'invitation' };
  const invited = await alice.post('/v1/enrolments', {}, once);
  assert.deepEqual((await alice.post('/v1/enrolments', {}, once)).json, invited.json);
  const { users } = (await root.get('/v1/admin/users?search=root')).json;
  const byAdmin = await root.post(`/v1/admin/users/${users[0].id}/enrolments`, undefined, once);
  const device = await VirtualDevice.make(fixture);
  // Wrong ones as well: what is refused is most likely to be told.
  await device.claim(`${invited.json.code}x`);
  await device.claim(invited.json.code, { device_key: { ...device.publicKey, x: device.publicKey.y } });
  const claimed = await device.claim(invited.json.code, { label: 'phone' }, { 'idempotency-key': 'claim' });
  await device.take(claimed);
  await device.confirm();
  const code = device.logInCode();
  assert.equal((await device.post('/v1/passkeys/options', {})).json.code, 'session_scope');

  const authenticator = new Authenticator(ORIGIN);
  const options = (await root.post('/v1/passkeys/options', {})).json;
  const registered = await root.post('/v1/passkeys', { response: authenticator.register(options) });
  assert.equal(registered.status, 201, registered.text);
  const challenge = (await fixture.post('/v1/passkeys/challenges', undefined, {})).json;
  const response = authenticator.logIn(challenge);
  const byPasskey = await fixture.post('/v1/sessions/passkey', undefined, { response });
  assert.equal(byPasskey.status, 201, byPasskey.text);
  const twice = await fixture.post('/v1/sessions/passkey', undefined, { response });
  assert.equal(twice.json.code, 'passkey_refused');

  /** Without the user's number, which is no secret. */
  const secretOf = (invitation: string) => invitation.slice(invitation.indexOf('-') + 1);
  const secrets: Record<string, string> = {
    'set-up code': setupCode,
    invitation: secretOf(invited.json.code),
    'invitation by an administrator': secretOf(byAdmin.json.code),
    'session of the device': device.payload.session.split('.')[1],
    'access token of the device': device.token.split('.')[2] ?? '',
    'session by passkey': byPasskey.json.session.split('.')[1],
    'answer of the passkey': response.response.signature,
  };
  for (const { type, seed } of device.payload.tokens) {
    const bytes = Buffer.from(seed, 'base64url');
    Object.assign(secrets, {
      [`${type} seed`]: seed,
      [`${type} seed in hex`]: bytes.toString('hex'),
      [`${type} seed in base32`]: encodeBase32(bytes),
      [`${type} seed as bytes`]: bytes.toString('latin1'),
    });
  }
  const files = readdirSync(dataDir).filter((name) => statSync(join(dataDir, name)).isFile());
  assert.ok(files.includes('sello.sqlite'));
  const allLogged = logged.join('\n');
  assert.match(allLogged, /request answered/);
  for (const [name, secret] of Object.entries(secrets)) {
    assert.ok(secret.length >= 20, name);
    assert.ok(!allLogged.includes(secret), `${name} is in the log`);
    for (const file of files) {
      const bytes = readFileSync(join(dataDir, file));
      assert.ok(!bytes.includes(Buffer.from(secret, 'latin1')), `${name} is in ${file}`);
    }
  }
  const { entries } = (await alice.get('/v1/journal')).json;
  assert.doesNotMatch(JSON.stringify(entries), new RegExp(`"${code}"`));
});
