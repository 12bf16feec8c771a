/**
 * A log-in server that checks passwords itself and lets Sello check the codes, as a VPN does.
 *
 *     npx sello service create vpn --scope codes:verify
 *     API_KEY=slo_… node examples/login-server.mjs
 *     curl -d 'username=alice&password=secreto&code=492039' http://127.0.0.1:9090/login
 */
import { createServer } from 'node:http';

const base = process.env.SELLO_URL ?? 'http://127.0.0.1:8080';
const key = process.env.API_KEY ?? '';
const port = Number(process.env.PORT ?? 9090);

/** Replace it by your own directory or table. */
const PASSWORDS = { alice: 'secreto' };
const BODY_BYTES_MAX = 4_096;

/** @returns `{ valid, reason?, retry_after_ms? }` */
async function codeIsValid(username, code) {
  const response = await fetch(`${base}/v1/codes/validation`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ username, code }),
  });
  // Without an answer, refuse: letting users in while the second factor is down would mean having none.
  if (!response.ok) return { valid: false, reason: (await response.json()).code };
  return response.json();
}

const server = createServer(async (request, response) => {
  if (request.method !== 'POST' || request.url !== '/login') return response.writeHead(404).end();
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > BODY_BYTES_MAX) return response.writeHead(413).end();
  }
  const form = new URLSearchParams(body);
  const username = form.get('username') ?? '';
  // Check the password first: validating a code spends it.
  const known = Object.hasOwn(PASSWORDS, username) && PASSWORDS[username] === form.get('password');
  const { valid, reason } = known
    ? await codeIsValid(username, form.get('code') ?? '')
    : { valid: false, reason: 'credentials_invalid' };
  response.writeHead(valid ? 200 : 401, { 'content-type': 'text/plain' });
  return response.end(valid ? `welcome, ${username}\n` : `no entry: ${reason}\n`);
});
server.listen(port, '127.0.0.1', () => {
  const address = server.address();
  console.log(
    `listening on http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}`,
  );
});
