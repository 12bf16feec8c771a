/*
 * Goal: no request gets a 5xx or an answer that the OpenAPI document does not describe.
 * Method: Schemathesis generates valid and invalid requests from the document, as a user, as a service and as an
 * administrator, and checks each answer against it.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { installSchemathesis } from '../../scripts/schemathesis.ts';
import { decodeBase32 } from '../../src/domain/encoding/base32.ts';
import { hotpCode } from '../../src/domain/otp/hotp.ts';
import { temporaryFolder } from '../services/application.ts';
import { selloJson } from '../services/sello-command.ts';
import { httpAddress } from './http-address.ts';
import { runServer } from './server-process.ts';

/** A run of each kind of caller; the three together are what the test takes. */
const RUN_TIME_S = 9;
const RUN_TIME_MAX_MS = 60_000;
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];
/** What would end the caller's own session, or the service. */
const EXCLUDED = '^(/v1/sessions/current|/v1/admin/overview/events|.*/disable)$';

function schemathesis(
  path: string,
  given: readonly string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, given, { timeout: RUN_TIME_MAX_MS, killSignal: 'SIGKILL' });
    let output = '';
    const take = (text: string) => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

test('schemathesis finds no answer outside the document', async (t) => {
  const installed = installSchemathesis();
  if ('missing' in installed) return t.skip(installed.missing);
  const folder = await temporaryFolder(t);
  const many = '1000000000';
  const server = await runServer(t, {
    folder,
    flags: {
      '--proof-ttl-ms': '3600000',
      '--rate-limits-errors-count-max': many,
      '--rate-limits-registrations-count-max': many,
      '--rate-limits-log-ins-count-max': many,
    },
  });
  const base = await httpAddress(server);
  const at = ['--data-dir', folder];
  for (const [name, role] of [
    ['alice', 'user'],
    ['root', 'admin'],
  ] as const) {
    await selloJson(['user', 'create', name, '--role', role, '--password-stdin', ...at], {
      stdin: 'secreto',
    });
  }
  const scopes = ['transactions:write', 'transactions:read', 'codes:verify'].flatMap((scope) => [
    '--scope',
    scope,
  ]);
  const { key } = await selloJson(['service', 'create', 'shop', ...scopes, ...at]);
  const tokenOf = async (username: string) => {
    const response = await fetch(`${base}/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password: 'secreto' }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  };
  const root = await tokenOf('root');
  const ask = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${root}` };
    const response = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await response.json()) as { id: string; secret: string };
  };
  // An administrator changes nothing by the password alone.
  const { id, secret } = await ask('/v1/tokens', { type: 'hotp' });
  const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array) =>
    createHmac(algorithm, key).update(message).digest();
  const code = hotpCode(hmac, decodeBase32(secret) ?? new Uint8Array(), 0, { algorithm: 'sha1', digits: 6 });
  await ask(`/v1/tokens/${id}/activation`, { code });
  const config = join(folder, 'schemathesis.toml');
  await writeFile(config, '[parameters]\n"query.wait_s" = 0\n');

  for (const [caller, token] of [
    ['service', key],
    ['user', await tokenOf('alice')],
    ['admin', root],
  ] as const) {
    let code: number | null = null;
    let output = '';
    // A busy machine may not come to the first case within the time of a quiet one.
    for (const timeS of [RUN_TIME_S, 3 * RUN_TIME_S]) {
      ({ code, output } = await schemathesis(installed.path, [
        ...['--config-file', config, 'run', `${base}/openapi.json`, '--no-color', '--seed', '7'],
        ...['--header', `Authorization: Bearer ${token}`, '--checks', CHECKS.join(',')],
        ...['--max-time', `${timeS}`, '--max-examples', '20', '--request-timeout', '20'],
        ...['--exclude-path-regex', EXCLUDED, '--suppress-health-check', 'all', '--warnings', 'off'],
        ...['--generation-database', 'none'],
      ]));
      if (!output.includes('No test cases were generated')) break;
    }
    const total = /Test cases:\s+(.+)/.exec(output)?.[1] ?? '';
    t.diagnostic(`${caller}: ${total}`);
    assert.equal(code, 0, `${caller}\n${output.slice(-8_000)}`);
    assert.match(total, /^\d+ generated, \d+ passed$/);
  }
  assert.ok(!/"level":[56]0/.test(server.stderr), `the server logged errors\n${server.stderr.slice(-4_000)}`);
});
