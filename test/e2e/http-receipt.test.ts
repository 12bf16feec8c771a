/*
 * Goal: a receipt is verified offline by programs that share nothing with the server.
 * Method: a real server signs one; `sello receipt verify` and openssl verify it, whole and changed.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, createHmac, createPublicKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeTransaction } from '../../src/domain/transaction/canonical-transaction.ts';
import { temporaryFolder } from '../services/application.ts';
import { sello, selloJson } from '../services/sello-command.ts';
import { httpAddress } from './http-address.ts';
import { runServer } from './server-process.ts';

/** ECDSA signatures of openssl are DER: two integers, where a JWS has them side by side (RFC 7518 section 3.4). */
function derSignature(raw: Buffer): Buffer {
  const integer = (bytes: Buffer) => {
    let start = 0;
    while (start < bytes.length - 1 && bytes[start] === 0) start++;
    const plain = bytes.subarray(start);
    const value = (plain[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), plain]) : plain;
    return Buffer.concat([Buffer.from([2, value.length]), value]);
  };
  const both = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, both.length]), both]);
}

test('a receipt is verified offline by `sello receipt verify` and by openssl; a changed one by neither', async (t) => {
  const folder = await temporaryFolder(t);
  const server = await runServer(t, { folder });
  const base = await httpAddress(server);
  const post = async (path: string, body: object, token?: string) => {
    const headers = {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    };
    const response = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await response.json()) as Record<string, string> & { challenges: { nonce: string }[] };
  };
  const credentials = { username: 'alice', password: 'secreto' };
  await post('/v1/users', credentials);
  const { access_token: token } = await post('/v1/sessions', credentials);
  const { challenges } = await post('/v1/challenges', {}, token);
  const nonce = challenges[0]?.nonce ?? '';
  const transfer = { payer: 'ES79-1', payee: 'DE89-2', amount: '12.50', currency: 'EUR' };
  const mac = createHmac('sha256', createHash('sha256').update('secreto').digest())
    .update(encodeTransaction({ ...transfer, challenge: nonce, v: 1 }))
    .digest('hex');
  const made = await post('/v1/transactions', { ...transfer, nonce, mac }, token);
  const receipt = await fetch(`${base}/v1/receipts/${made.id}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const text = await receipt.text();
  const { receipt: jws } = JSON.parse(text) as { receipt: string };
  const file = (name: string) => join(folder, name);
  await writeFile(file('receipt.json'), text);
  await writeFile(file('receipt.jws'), jws);
  const [header = '', payload = '', signature = ''] = jws.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const forged = Buffer.from(JSON.stringify(claims).replace('12.50', '99.50')).toString('base64url');
  await writeFile(file('forged.jws'), `${header}.${forged}.${signature}`);
  const jwks = await (await fetch(`${base}/.well-known/jwks.json`)).text();
  await writeFile(file('jwks.json'), jwks);

  const fromServer = await selloJson(['receipt', 'verify', file('receipt.json'), '--data-dir', folder]);
  assert.equal(fromServer.receipt.transaction.amount, '12.50');
  const byAddress = await sello(['receipt', 'verify', '-', '--jwks', `${base}/.well-known/jwks.json`], {
    stdin: jws,
  });
  assert.equal(byAddress.code, 0, byAddress.stderr);
  await server.stop();
  const offline = await sello(['receipt', 'verify', file('receipt.jws'), '--jwks', file('jwks.json')]);
  assert.equal(offline.code, 0, offline.stderr);
  assert.match(offline.stdout, /ES79-1 → DE89-2, 12\.50 EUR/);
  const changed = await sello(['receipt', 'verify', file('forged.jws'), '--jwks', file('jwks.json')]);
  assert.equal(changed.code, 1, changed.stdout);
  for (const bad of ['jwks.json', 'none.jws']) {
    const refused = await sello(['receipt', 'verify', file(bad), '--jwks', file('jwks.json')]);
    assert.ok(refused.code === 1 || refused.code === 2, `${bad}: ${refused.code}`);
  }

  // The other implementation knows nothing of JOSE: it is given the key, the signed bytes and the signature.
  const [jwk] = (JSON.parse(jwks) as { keys: Record<string, string>[] }).keys;
  const pem = createPublicKey({ key: jwk ?? {}, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  await writeFile(file('key.pem'), pem);
  await writeFile(file('signature.der'), derSignature(Buffer.from(signature, 'base64url')));
  const openssl = (signed: string) => {
    const arguments_ = ['dgst', '-sha256', '-verify', file('key.pem'), '-signature', file('signature.der')];
    const run = spawnSync('openssl', arguments_, { input: signed, encoding: 'utf8' });
    if (run.error) t.skip('openssl is not on this machine');
    return run.stdout;
  };
  assert.match(openssl(`${header}.${payload}`), /Verified OK/);
  assert.match(openssl(`${header}.${forged}`), /Verification failure/i);
});
