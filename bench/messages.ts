// Measures messages: sealing and opening in this process, relaying by a server of its own over REST, each with the CPU that one
// takes. node bench/messages.ts [SECONDS], by default 5 for each figure.
import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeIdentityKeys, publicJwksOf, readCorrespondent } from '../src/client/messages/identity-keys.ts';
import { openMessage, sha256Of, signReceipt } from '../src/client/messages/open-message.ts';
import { sealMessage } from '../src/client/messages/seal-message.ts';
import { decodeBase32 } from '../src/domain/encoding/base32.ts';
import { identityQuestion } from '../src/domain/identity/identity-question.ts';
import { boundCode } from '../src/domain/otp/bound-code.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const FOR_MS = Number(process.argv[2] ?? 5) * 1_000;
const CONTENT = Buffer.alloc(1_024, 'x');
const CALLERS = 16;
const PASSWORD = 'secreto';
const TICKS_PER_SECOND = 100;

const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array) =>
  createHmac(algorithm, key).update(message).digest();

const folder = await mkdtemp(join(tmpdir(), 'sello-bench-messages-'));
const flags = [
  ...['--data-dir', folder, '--tcp-port', '0', '--http-port', '0', '--messages-inbox-count-max', '65536'],
  ...[
    '--rate-limits-user-entries-count-max',
    '1000000000',
    '--rate-limits-address-entries-count-max',
    '1000000000',
  ],
];
const server = spawn(process.execPath, [MAIN, 'serve', ...flags], { stdio: ['ignore', 'pipe', 'ignore'] });
try {
  const base = await addressOf();
  const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });
  const people = await Promise.all(['alice', 'bob'].map((name) => enrolled(base, agent, name)));
  const [alice, bob] = people as [Person, Person];
  const seal = () =>
    sealMessage({
      ...{
        user: 'alice',
        keys: alice.keys,
        recipients: [bob.shown],
        content: CONTENT,
        contentType: 'text/plain',
      },
      ...{ now: Date.now(), lifetimeMs: 3_600_000, id: randomUUID() },
    });
  const sealed: string[] = [];
  tell('seal', await own(async () => void sealed.push(await seal())));
  const [first = ''] = sealed;
  tell('open', await own(async () => void (await openMessage(first, bob.keys, alice.shown, Date.now()))));

  const ids: string[] = [];
  tell(
    'relay: send',
    await relayed(async () => {
      const jwe = sealed.pop() ?? (await seal());
      const { id } = JSON.parse(await ask(base, agent, alice.token, 'POST', '/v1/messages', jwe));
      ids.push(id);
    }),
  );
  const opened = await openMessage(first, bob.keys, alice.shown, Date.now());
  if ('problem' in opened) throw new Error(opened.problem);
  tell(
    'relay: read',
    await relayed(async (turn) => {
      await ask(base, agent, bob.token, 'GET', `/v1/messages/${ids[turn % ids.length]}`);
    }),
  );
  const receipts: { id: string; receipt: string }[] = [];
  for (const id of ids.slice(0, 1_000)) {
    const jwe = await ask(base, agent, bob.token, 'GET', `/v1/messages/${id}`);
    const read = await openMessage(jwe, bob.keys, alice.shown, Date.now());
    if ('problem' in read) throw new Error(read.problem);
    const receipt = await signReceipt('bob', bob.keys, read, {
      sha256: await sha256Of(jwe),
      now: Date.now(),
    });
    receipts.push({ id, receipt });
  }
  tell(
    'relay: acknowledge',
    await relayed(async () => {
      const next = receipts.pop();
      if (!next) return false;
      const { id, receipt } = next;
      return ask(base, agent, bob.token, 'POST', `/v1/messages/${id}/receipt`, JSON.stringify({ receipt }));
    }),
  );
  agent.destroy();
} finally {
  server.kill();
  await new Promise((resolve) => server.once('close', resolve));
  await rm(folder, { recursive: true, force: true });
}

interface Person {
  readonly keys: Awaited<ReturnType<typeof makeIdentityKeys>>;
  readonly shown: NonNullable<Awaited<ReturnType<typeof readCorrespondent>>>;
  readonly token: string;
}

async function enrolled(base: string, agent: Agent, name: string): Promise<Person> {
  const post = async (token: string, path: string, body: object) => {
    const text = await ask(base, agent, token, 'POST', path, JSON.stringify(body));
    return text === '' ? {} : JSON.parse(text);
  };
  const credentials = { username: name, password: PASSWORD };
  await post('', '/v1/users', credentials);
  const { access_token: token } = await post('', '/v1/sessions', credentials);
  const made = await post(token, '/v1/tokens', { type: 'ocra' });
  const seed = decodeBase32(made.secret) ?? new Uint8Array();
  const answer = (question: string) => boundCode(hmac, seed, question, Date.now());
  await post(token, `/v1/tokens/${made.id}/activation`, { code: answer(made.activation_question) });
  const keys = await makeIdentityKeys();
  const jwks = await publicJwksOf(keys);
  const code = answer(identityQuestion({ user: name, sign: keys.signKey, seal: keys.sealKey }));
  const shown = await readCorrespondent(await post(token, '/v1/identities', { ...jwks, code }));
  if (!shown) throw new Error('no identity');
  return { keys, shown, token };
}

/** Does it over and over in this process. */
async function own(act: () => Promise<void>): Promise<Figure> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let count = 0;
  for (; performance.now() - start < FOR_MS; count++) await act();
  const { user, system } = process.cpuUsage(cpu);
  return { count, ms: performance.now() - start, cpuMs: (user + system) / 1_000 };
}

/** Does it by several callers at once, and takes the CPU of the server alone. @param act false: there is no more */

async function relayed(act: (turn: number) => Promise<unknown>): Promise<Figure> {
  const cpu = cpuMsOf(server.pid ?? 0);
  const start = performance.now();
  let count = 0;
  let turn = 0;
  const caller = async () => {
    while (performance.now() - start < FOR_MS && (await act(turn++)) !== false) count++;
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return { count, ms: performance.now() - start, cpuMs: cpuMsOf(server.pid ?? 0) - cpu };
}

interface Figure {
  readonly count: number;
  readonly ms: number;
  readonly cpuMs: number;
}

function tell(what: string, { count, ms, cpuMs }: Figure): void {
  const perSecond = (count / ms) * 1_000;
  const each = cpuMs / Math.max(1, count);
  process.stdout.write(
    `${what.padEnd(20)} ${perSecond.toFixed(0).padStart(6)} /s   ${each.toFixed(3)} ms of CPU each\n`,
  );
}

function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000;
}

function addressOf(): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    server.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const found = /\bHTTP\b[^\n]*?(https?:\/\/[\w.[\]:]+?)(?=[\s/])/.exec(text);
      if (found?.[1]) resolve(found[1]);
    });
    server.once('close', () => reject(new Error(`the server ended: ${text}`)));
  });
}

function ask(
  base: string,
  agent: Agent,
  token: string,
  method: string,
  path: string,
  body?: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    const sent = request(base + path, { method, agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => {
        if ((answer.statusCode ?? 500) < 400) resolve(text);
        else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 200)}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
