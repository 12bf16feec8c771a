/*
 * Goal: no input over the wire crashes, hangs or grows the server, gets more than it may, or goes without an answer.
 * Method: the real server; connections that send random sequences, cut into random chunks, then end their side. Every line
 * must be answered, or the connection closed with a reason, while an honest client continues to work.
 */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../services/application.ts';
import { Customer, expectOk } from './customer.ts';
import { readJournal } from './journal.ts';
import { runServer, type ServerProcess } from './server-process.ts';

const SEED = Number(process.env.SELLO_TEST_SEED ?? Date.now() % 2 ** 31);
const RUNS = 120;
const CLOSING = new Set(['errors_too_many', 'line_too_long', 'rate_limited']);
const STATUSES = ['OK', 'ERROR', 'POSIBLE ATAQUE'];
const ANSWER_TIME_MS = 20_000;
/** Errors of an address are a bound of their own, tested elsewhere: here all come from one. */
const flags = {
  '--rate-limits-errors-count-max': '1000000000',
  '--rate-limits-log-ins-count-max': '1000000000',
  '--rate-limits-registrations-count-max': '1000000000',
};

type Answer = Readonly<Record<string, unknown>>;

/** Sends all, in chunks, ends, and returns the answers. @throws when the server does not close in time */
function converse(server: ServerProcess, chunks: readonly Uint8Array[]): Promise<readonly Answer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: server.port, noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end after ${ANSWER_TIME_MS} ms; so far: ${output.slice(-500)}`));
    }, ANSWER_TIME_MS);
    let output = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      const lines = output.split('\n');
      try {
        assert.equal(lines.pop(), '', 'every answer is a whole line');
        resolve(
          lines.map((line) => {
            const answer = JSON.parse(line) as Answer;
            const isLong = 'nonces' in answer || 'recibo' in answer;
            assert.ok(isLong || Buffer.byteLength(line) < 1_024, `${Buffer.byteLength(line)} bytes: ${line}`);
            assert.ok(STATUSES.includes(String(answer.status)), line);
            assert.doesNotMatch(
              String(answer.mensaje ?? ''),
              /node:|\.ts|SQLITE|undefined|\[object|NaN/,
              'no internals',
            );
            return answer;
          }),
        );
      } catch (error) {
        reject(error);
      }
    });
    for (const chunk of chunks) socket.write(chunk);
    socket.end();
  });
}

/** As many answers as lines, or one says why no more come. */
function expectAnswered(answers: readonly Answer[], lines: number): void {
  assert.ok(answers.length <= lines);
  if (answers.length === lines) return;
  // What has an `id` may be answered in another order, so the reason need not come last.
  const reason = answers.some(({ error }) => CLOSING.has(String(error)));
  assert.ok(reason, `${answers.length} answers to ${lines} lines: ${JSON.stringify(answers)}`);
}

const KEYS = [
  ...[
    'accion',
    'username',
    'password',
    'codigo',
    'data',
    'mac',
    'nonce',
    'idempotencia',
    'recibo',
    'cantidad',
    'id',
    'sesion',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'action', ''],
];
const ACTIONS = [
  'register',
  'login',
  'pet_transaccion',
  'transaccion',
  'logout',
  'reanudar',
  '__proto__',
  'toString',
  '',
];
const USERNAMES = [
  'alice',
  'Alice',
  'jose\u0301',
  'jos\u00e9',
  'system',
  'sello',
  '__proto__',
  'a\u202eb',
  'a\u200bb',
  ' a',
  '\u{1F600}',
];
const TRANSFERS = [
  ...[
    'A,B,1',
    'A,B,1.00,EUR',
    'A,B,0',
    'A,B,-1',
    'A,B,1e9',
    'A,B,999999999999999.99',
    'A,B,1,XXX',
    'A,B',
    ',,',
    'A,B,1,EUR,',
  ],
  ...[
    'A,A,1',
    'A,B,0x1',
    'A,B,1.001',
    'A,B,٣',
    'A,B,NaN',
    '__proto__,constructor,1',
    'A,\u202eB,1',
    'A\u0000,B,1',
    `A,${'B'.repeat(300)},1`,
  ],
];

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    ...USERNAMES,
    ...TRANSFERS,
    ...ACTIONS,
    '\u0000',
    '\ud800',
    '\udfff\ud800',
    '\u2028',
    '"',
    '\\u0000',
  ),
  fc.integer({ min: 100, max: 2_000 }).map((length) => 'x'.repeat(length)),
);
const anything: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -0,
    1,
    -1,
    1.5,
    1e308,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    [],
    {},
    [[]],
    { length: 1 },
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const action = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...ACTIONS) },
  { weight: 1, arbitrary: anything },
);

/** Members as JSON text: keys may come twice, and need not be those of an object that JavaScript can hold. */
const members = fc
  .tuple(action, fc.array(fc.tuple(fc.constantFrom(...KEYS), anything), { maxLength: 8 }))
  .map(([accion, more]) =>
    [['accion', accion] as const, ...more].map(
      ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
    ),
  );
const message = members.map((all) => `{${all.join(',')}}`);
const oddJson = fc.constantFrom(
  '',
  '{}',
  '[]',
  'null',
  'true',
  '0',
  '"accion"',
  '{"accion":"login"',
  '{"accion":"logout",}',
  "{'accion':'logout'}",
  '[{"accion":"logout"}]',
  '{"accion":"logout"}{"accion":"logout"}',
  '\ufeff{"accion":"logout"}',
  '{"accion":"logout","id":1e400}',
  '{"accion":"logout","id":123456789012345678901234567890}',
  `{"accion":${'['.repeat(4_000)}`,
  `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`,
  '{"accion":"login","accion":"logout"}',
  '{"__proto__":{"accion":"logout"}}',
  '{"accion":"logout","__proto__":{"session":1}}',
  '{"accion":"login","username":"\\ud800","password":"secreto"}',
  '{"accion":"login","username":"alice\\u0000","password":"secreto"}',
  '{"accion":"register","username":"x","password":"\\udc00\\udc00\\udc00\\udc00\\udc00\\udc00\\udc00"}',
  '{"accion":"pet_transaccion","cantidad":1e3}',
  '{"accion":"pet_transaccion","cantidad":1025}',
  '{"accion":"pet_transaccion","cantidad":-0}',
  '{"\\u0061ccion":"logout"}',
  '{"accion":"logout","id":"\\u0007"}',
  `{"accion":"logout","id":"${'€'.repeat(30)}"}`,
  '{"accion":"reanudar","sesion":"1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
  '{"accion":"reanudar","sesion":"zzzzzzzzzzz.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
  'GET / HTTP/1.1\r',
  'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r',
  '\u0016\u0003\u0001',
  `{"accion":"logout","x":"${'y'.repeat(8_200)}"}`,
);
/** What works, so that the rest meets connections in every state. */
const goodJson = fc.constantFrom(
  '{"accion":"login","username":"alice","password":"secreto"}',
  '{"accion":"login","username":"alice","password":"secreto","id":"a"}',
  '{"accion":"pet_transaccion"}',
  '{"accion":"pet_transaccion","cantidad":3,"id":2}',
  '{"accion":"transaccion","data":"A,B,1"}',
  '{"accion":"logout"}',
);
const line: fc.Arbitrary<Buffer> = fc
  .oneof(
    { weight: 6, arbitrary: message.map((json) => Buffer.from(json)) },
    { weight: 4, arbitrary: goodJson.map((json) => Buffer.from(json)) },
    { weight: 3, arbitrary: oddJson.map((json) => Buffer.from(json)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  )
  .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10)));

/** Lines of one connection, and where its bytes are cut. */
const conversation = fc.tuple(
  fc.array(line, { minLength: 1, maxLength: 14 }),
  fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 6 }),
);

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let rest = bytes;
  for (const size of sizes) {
    chunks.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return [...chunks, rest].filter(({ length }) => length > 0);
}

test(`anything at all, over several connections at once (seed ${SEED})`, async (t) => {
  const folder = await temporaryFolder(t);
  const server = await runServer(t, { folder, flags });
  const honest = new Customer('alice');
  await honest.arrive(await server.connect());
  const counts = { conversations: 0, lines: 0, ok: 0, closed: 0 };

  await fc.assert(
    fc.asyncProperty(fc.array(conversation, { minLength: 1, maxLength: 4 }), async (conversations) => {
      await Promise.all(
        conversations.map(async ([lines, sizes]) => {
          const bytes = Buffer.concat(lines.flatMap((bytes) => [bytes, Buffer.from('\n')]));
          const answers = await converse(server, cut(bytes, sizes));
          expectAnswered(answers, lines.length);
          counts.conversations++;
          counts.lines += lines.length;
          counts.ok += answers.filter(({ status }) => status === 'OK').length;
          if (answers.length < lines.length) counts.closed++;
        }),
      );
      if (honest.noncesLeft === 0) await honest.fetchNonces(64);
      expectOk(await honest.send({ data: 'CuentaA,CuentaB,1.00' }));
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  );
  t.diagnostic(`seed ${SEED}: ${JSON.stringify(counts)}`);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.doesNotMatch(server.stderr, /"level":[56]0/, 'no failure was logged');
  const journal = await readJournal(folder);
  assert.ok(journal.every(({ type, user }) => type !== 'transaction.approved' || user === 'alice'));
});

test(`a logged-in client that sends random input moves no money without a proof (seed ${SEED})`, async (t) => {
  const folder = await temporaryFolder(t);
  const server = await runServer(t, { folder, flags });
  const mallory = new Customer('mallory');
  await mallory.arrive(await server.connect());
  const key = createHash('sha256').update('secreto').digest();
  let right = 0;

  const extra = fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: anything },
  );
  const attempt = fc.record(
    {
      data: fc.oneof(fc.constant('A,B,1.00'), fc.constantFrom(...TRANSFERS), text),
      macOf: fc.constantFrom(
        'none',
        'right',
        'right',
        'right',
        'upper',
        'of another data',
        'short',
        'random',
      ),
      nonce: fc.constantFrom('fresh', 'fresh', 'fresh', 'upper', 'cut', 'forged', 'other type'),
      codigo: extra,
      idempotencia: extra,
      recibo: extra,
    },
    { requiredKeys: ['data', 'macOf', 'nonce'] },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 10 }), async (attempts) => {
      // A session that sent many wrong MACs has ended.
      mallory.use(await server.connect());
      await mallory.logIn();
      const logIn = JSON.stringify({ accion: 'reanudar', sesion: mallory.secret });
      const answer = expectOk(
        await mallory.client.request({ accion: 'pet_transaccion', cantidad: attempts.length }),
      );
      mallory.client.destroy();
      const nonces = answer.nonces ?? [];
      const lines = attempts.map(({ data, macOf, nonce, ...more }, index) => {
        const fresh = nonces[index] ?? '';
        const sent = {
          fresh,
          upper: fresh.toUpperCase(),
          cut: fresh.slice(1),
          forged: fresh.slice(0, -1) + (fresh.endsWith('0') ? '1' : '0'),
          'other type': 1,
        }[nonce];
        const digest = createHmac('sha256', key).update(`${data.toWellFormed()}${sent}`).digest('hex');
        const mac = {
          none: undefined,
          right: digest,
          upper: digest.toUpperCase(),
          'of another data': createHmac('sha256', key).update(`A,C,1${sent}`).digest('hex'),
          short: digest.slice(2),
          random: '0'.repeat(64),
        }[macOf];
        if (macOf === 'right' && nonce === 'fresh') right++;
        return JSON.stringify({ accion: 'transaccion', data, mac, nonce: sent, id: index, ...more });
      });
      const answers = await converse(server, [Buffer.from(`${[logIn, ...lines].join('\n')}\n`)]);
      expectAnswered(answers, lines.length + 1);
      for (const { status, id } of answers.slice(1)) {
        const attempt = attempts[Number(id)];
        if (status === 'OK') assert.deepEqual([attempt?.macOf, attempt?.nonce], ['right', 'fresh']);
      }
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  );
  await server.stop();
  assert.doesNotMatch(server.stderr, /"level":[56]0/, 'no failure was logged');
  const approved = (await readJournal(folder)).filter(({ type }) => type === 'transaction.approved');
  t.diagnostic(`${right} attempts with a right MAC and nonce, ${approved.length} approved`);
  assert.ok(approved.length > 0 && approved.length <= right);
});

test('a name in another normal form, or with invisible characters, is not a second user', async (t) => {
  const server = await runServer(t, { folder: await temporaryFolder(t), flags });
  const client = await server.connect();
  const ask = (accion: string, username: string) => client.request({ accion, username, password: 'secreto' });
  expectOk(await ask('register', 'josé'));
  expectOk(await ask('login', 'josé'));
  for (const name of [
    'jose\u0301',
    'josé ',
    'josé\u200b',
    'josé\u0000',
    '\u202ejosé',
    'ﬁn\u00ad',
    'jos\u00e9\u{e0001}',
  ]) {
    assert.equal((await ask('register', name)).error, 'username_invalid', JSON.stringify(name));
    assert.equal((await ask('login', name)).error, 'credentials_invalid', JSON.stringify(name));
  }
  // Case is kept, and tells users apart.
  expectOk(await ask('register', 'JOSÉ'));
  for (const name of ['system', 'sello'])
    assert.equal((await ask('register', name)).error, 'username_invalid');
  for (const name of ['__proto__', 'constructor', 'toString', "'; DROP TABLE users; --", '%', '*']) {
    expectOk(await ask('register', name));
    expectOk(await ask('login', name));
  }
  const wrong = await client.request({ accion: 'login', username: 'josé', password: 'secreto\u0000' });
  assert.equal(wrong.error, 'credentials_invalid');
});

test('rubbish without end does not make the server grow', {
  skip: process.platform === 'linux' ? false : 'reads /proc',
}, async (t) => {
  const server = await runServer(t, { folder: await temporaryFolder(t), flags });
  const memoryMib = () => {
    const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024;
  };
  const rubbish = Buffer.from(`${'{"accion":"transaccion","data":["'.padEnd(900, 'z')}"]}\n`.repeat(60));
  const attack = async (connections: number) => {
    for (let n = 0; n < connections; n += 20) {
      await Promise.all(Array.from({ length: 20 }, () => converse(server, [rubbish])));
    }
  };
  // Names that are nobody's, a different one each: what is remembered of them is bounded.
  const guesses = async (count: number) => {
    const client = await server.connect();
    await Promise.all(
      Array.from({ length: count }, () =>
        client.request({
          accion: 'reanudar',
          sesion: `1.${Math.random().toString(36).slice(2).padEnd(32, 'A')}`,
        }),
      ),
    ).catch(() => undefined);
    client.destroy();
  };
  await attack(400);
  await guesses(50);
  const before = memoryMib();
  for (let n = 0; n < 6; n++) {
    await attack(400);
    await guesses(50);
  }
  const after = memoryMib();
  t.diagnostic(`${before.toFixed(0)} MiB after 24,000 bad lines, ${after.toFixed(0)} MiB after 168,000`);
  assert.ok(after < before + 100, `grew from ${before} to ${after} MiB`);
  await new Customer('alice').arrive(await server.connect());
});
