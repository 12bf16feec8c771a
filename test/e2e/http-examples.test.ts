/*
 * Goal: the programs in examples/ work against a real server.
 * Method: each is run as its page says, in each language, and what it prints is waited for.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { actQuestion } from '../../src/domain/act-question.ts';
import { decodeBase32 } from '../../src/domain/encoding/base32.ts';
import { boundCode } from '../../src/domain/otp/bound-code.ts';
import { hotpMessage, truncate } from '../../src/domain/otp/hotp.ts';
import { boundQuestion } from '../../src/domain/transaction/bound-question.ts';
import { selloJson } from '../services/sello-command.ts';
import { until } from '../waiting.ts';
import { httpAddress } from './http-address.ts';
import { ServerProcess } from './server-process.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
/** The machine's own Node, 20 or later as README.md says, where it has one beside the project's. */
const NODE = ownNode() ?? process.execPath;

function ownNode(): string | undefined {
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'));
  return folders.map((folder) => join(folder, 'node')).find((path) => existsSync(path));
}

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked into by its own test
type Json = any;

/** A running example: what it prints is waited for. */
class Example {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  output = '';

  constructor(program: string, given: readonly string[], environment: Record<string, string>) {
    this.child = spawn(program, given, { env: { PATH: process.env.PATH, ...environment }, cwd: EXAMPLES });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', resolve);
    });
  }

  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return until(() => pattern.exec(this.output), { what: `printed ${pattern}`, said: () => this.output });
  }
}

describe('the examples run against a server', () => {
  let folder = '';
  let server: ServerProcess;
  let base = '';
  let token = '';
  let seed = Buffer.alloc(0);
  const running: Example[] = [];

  const at = () => ['--data-dir', folder];
  const call = async (method: string, path: string, body?: object): Promise<Json> => {
    const response = await fetch(base + path, {
      method,
      headers: {
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array) =>
    createHmac(algorithm, key).update(message).digest();
  const run = (program: string, given: readonly string[], environment: Record<string, string> = {}) => {
    const example = new Example(program, given, { SELLO_URL: base, ...environment });
    running.push(example);
    return example;
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sello-test-'));
    server = await ServerProcess.start({ folder });
    base = await httpAddress(server);
    await selloJson(['user', 'create', 'alice', '--password-stdin', ...at()], { stdin: 'secreto' });
    ({ access_token: token } = await call('POST', '/v1/sessions', {
      username: 'alice',
      password: 'secreto',
    }));
    const enrolled = await call('POST', '/v1/tokens', { type: 'ocra' });
    seed = Buffer.from(decodeBase32(enrolled.secret) ?? []);
    const code = boundCode(hmac, seed, enrolled.activation_question, Date.now());
    await call('POST', `/v1/tokens/${enrolled.id}/activation`, { code });
  });
  after(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  });

  /** What the user does at their token. */
  const decide = async (id: string, decision: 'approval' | 'refusal') => {
    const { payer, payee, amount, currency, challenge } = await call('GET', `/v1/transactions/${id}`);
    const question = boundQuestion({ payer, payee, amount, currency, challenge, v: 1 });
    const body = decision === 'approval' ? { code: boundCode(hmac, seed, question, Date.now()) } : undefined;
    await call('POST', `/v1/transactions/${id}/${decision}`, body);
  };

  const shops = [
    ['JavaScript', NODE, 'shop.mjs'],
    ['Python', 'python3', 'shop.py'],
  ] as const;
  for (const [language, program, file] of shops) {
    test(`a shop's back end in ${language}: approved with a receipt, refused`, async (t) => {
      if (spawnSync(program, ['--version']).error) return t.skip(`${program} is not on this machine`);
      const scopes = ['--scope', 'transactions:write', '--scope', 'transactions:read'];
      const { key } = await selloJson([
        'service',
        'create',
        `shop-${language.toLowerCase()}`,
        ...scopes,
        ...at(),
      ]);
      for (const [decision, status, code] of [
        ['approval', 'approved', 0],
        ['refusal', 'refused', 1],
      ] as const) {
        const shop = run(program, [join(EXAMPLES, file), 'alice', '49.90'], { API_KEY: key });
        const [, id = ''] = await shop.printed(/approve 49\.90 EUR: (\S+)/);
        await decide(id, decision);
        assert.equal(await shop.ended, code, shop.output);
        assert.match(shop.output, new RegExp(`^${status}`, 'm'));
        if (decision === 'approval') {
          const [, receipt = ''] = await shop.printed(/^receipt (\S+)$/m);
          const verified = await selloJson(['receipt', 'verify', '-', ...at()], { stdin: receipt });
          assert.equal(verified.receipt.jti, id);
        }
      }
    });
  }

  test('a log-in server that has codes checked', async () => {
    const { key } = await selloJson(['service', 'create', 'vpn', '--scope', 'codes:verify', ...at()]);
    const { challenges } = await call('POST', '/v1/challenges', {});
    const [{ nonce: challenge }] = challenges;
    const question = actQuestion('enrol_token', challenge, 'alice');
    const proof = { challenge, code: boundCode(hmac, seed, question, Date.now()) };
    const { id, secret } = await call('POST', '/v1/tokens', { type: 'hotp', ...proof });
    const hotp = Buffer.from(decodeBase32(secret) ?? []);
    const code = (counter: number) => truncate(hmac('sha1', hotp, hotpMessage(counter)), 6);
    await call('POST', `/v1/tokens/${id}/activation`, { code: code(0) });
    const example = run(NODE, [join(EXAMPLES, 'login-server.mjs')], { API_KEY: key, PORT: '0' });
    const [, address = ''] = await example.printed(/listening on (\S+)/);
    const logIn = async (password: string, given: string) => {
      const body = new URLSearchParams({ username: 'alice', password, code: given });
      const response = await fetch(`${address}/login`, { method: 'POST', body });
      return [response.status, await response.text()];
    };
    assert.deepEqual(await logIn('wrong', code(1)), [401, 'no entry: credentials_invalid\n']);
    assert.deepEqual(await logIn('secreto', code(1)), [200, 'welcome, alice\n']);
    assert.deepEqual(await logIn('secreto', code(1)), [401, 'no entry: code_spent\n']);
  });

  test('a reader of events', async () => {
    const example = run(NODE, [join(EXAMPLES, 'events.mjs'), '0'], {
      SELLO_USER: 'alice',
      SELLO_PASSWORD: 'secreto',
    });
    // She has a token with plain codes now, so a log-in needs one: this user has none.
    await example.ended;
    assert.match(example.output, /code_required/);
    await selloJson(['user', 'create', 'bob', '--password-stdin', ...at()], { stdin: 'secreto' });
    const reader = run(NODE, [join(EXAMPLES, 'events.mjs'), '0'], {
      SELLO_USER: 'bob',
      SELLO_PASSWORD: 'secreto',
    });
    await reader.printed(/^log-\d+ \S+ user\.registered$/m);
    await reader.printed(/^log-\d+ \S+ login\.accepted$/m);
  });
});
