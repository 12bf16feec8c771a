/*
 * Goal: a signed request and its signed answer pass the balancer as they are, over TLS; what was changed on the way is refused,
 * the body by its digest and the digest by the signature.
 * Method: a real haproxy by `sello deploy haproxy` before a real server; the key registered by the command.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { httpAddress } from '../e2e/http-address.ts';
import { ServerProcess } from '../e2e/server-process.ts';
import { CERTIFICATES } from '../services/certificates.ts';
import { freePort } from '../services/free-port.ts';
import { HaproxyService } from '../services/haproxy.ts';
import { sello, selloJson } from '../services/sello-command.ts';
import {
  type Answered,
  assertAnswerSigned,
  BODY,
  digestOf,
  PATH,
  signed,
  signer,
} from '../wire/http/request-signer.ts';

const file = (name: string) => join(CERTIFICATES, name);

test('a signed request and its answer pass haproxy; a body, a digest or an address changed on the way does not', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sello-test-'));
  const server = await ServerProcess.start({ folder, flags: { '--proxy-trusted': '127.0.0.1' } });
  t.after(async () => {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  });
  const [tcpPort, httpPort] = [await freePort(), await freePort()];
  const certificate = join(folder, 'balancer.pem');
  const pem = ['second.cert.pem', 'second.key.pem'].map((name) => readFileSync(file(name), 'utf8'));
  await writeFile(certificate, pem.join('\n'));
  const haproxy = await HaproxyService.start(async (statsSocket) => {
    const made = await sello([
      ...['deploy', 'haproxy', '--tls', 'terminate', '--certificate', certificate],
      ...['--server', `a=127.0.0.1:${server.port}/${new URL(await httpAddress(server)).port}`],
      ...['--container', '--connections', '500', '--stats-socket', statsSocket, '--metrics-bind', 'none'],
      ...['--tcp-bind', `127.0.0.1:${tcpPort}`, '--http-bind', `127.0.0.1:${httpPort}`],
    ]);
    assert.equal(made.code, 0, made.stderr);
    return made.stdout;
  });
  t.after(() => haproxy.remove());
  await haproxy.becomes({ a: 'UP' });

  const key = signer();
  const jwk = join(folder, 'shop.jwk.json');
  await writeFile(jwk, JSON.stringify(key.jwk));
  const data = ['--data-dir', folder];
  await selloJson(['service', 'create', 'shop', '--scope', 'codes:verify', ...data]);
  await selloJson(['service', 'signing-key', 'shop', '--public-key', jwk, ...data]);

  const host = `second.test:${httpPort}`;
  const base = `https://${host}`;
  const agent = new Agent({ ca: readFileSync(file('second.cert.pem')), servername: 'second.test' });
  const ask = (method: string, path: string, headers: Record<string, string> = {}, body = '') =>
    new Promise<Answered>((resolve, reject) => {
      const asked = request(
        {
          ...{ host: '127.0.0.1', port: httpPort, method, path, agent },
          headers: { host, ...(body === '' ? {} : { 'content-type': 'application/json' }), ...headers },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (part) => {
            text += part;
          });
          answer.on('end', () =>
            resolve({
              ...{ status: answer.statusCode ?? 0, text },
              headers: new Headers(answer.headers as Record<string, string>),
            }),
          );
        },
      );
      asked.on('error', reject).end(body);
    });
  t.after(() => agent.destroy());
  const post = (headers: Record<string, string>, body = BODY) => ask('POST', PATH, headers, body);
  const codeOf = (answer: Answered) => JSON.parse(answer.text).code;

  const headers = signed(base, key);
  const answer = await post(headers);
  assert.equal(answer.status, 200, answer.text);
  const { keys } = JSON.parse((await ask('GET', '/.well-known/jwks.json')).text);
  assertAnswerSigned(answer, headers.signature ?? '', keys);

  assert.equal(codeOf(await post(headers)), 'signature_invalid', 'sent again');
  const other = BODY.replace('alice', 'bobby');
  assert.equal(codeOf(await post(signed(base, key), other)), 'content_digest_wrong');
  const both = { ...signed(base, key), 'content-digest': digestOf(other) };
  assert.equal(codeOf(await post(both, other)), 'signature_invalid');
  assert.equal(codeOf(await post(signed('https://another.test', key))), 'signature_invalid');
});
