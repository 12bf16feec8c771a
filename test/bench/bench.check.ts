/*
 * Goal: the benchmark reports every row that it promises, and leaves nothing behind.
 * Method: the real command at a tiny size; its figures are not judged.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Type from 'typebox';
import { Check, Errors } from 'typebox/value';
import { measureParts } from '../../bench/backends/measure-backends.ts';
import { Findings } from '../../bench/report/findings.ts';
import { skippedLines } from '../../bench/report/text.ts';
import { TINY } from '../../bench/sizes.ts';
import { temporaryFolder } from '../services/application.ts';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/sello', import.meta.url));
const TIME_MS = 550_000;

const positive = Type.Number({ exclusiveMinimum: 0 });
const named = { name: Type.String({ pattern: '^[a-z][a-z0-9_]*$' }), title: Type.String({ minLength: 1 }) };
const exactly = { additionalProperties: false };
const Report = Type.Object(
  {
    machine: Type.Object(
      {
        cpu: Type.String(),
        cores: Type.Integer({ minimum: 1 }),
        memory_bytes: positive,
        node: Type.String({ pattern: '^v' }),
        platform: Type.String(),
        load_average: Type.Number(),
      },
      exactly,
    ),
    started_at: Type.String(),
    elapsed_ms: positive,
    quick: Type.Boolean(),
    rows: Type.Array(
      Type.Object(
        {
          ...named,
          operations: positive,
          operations_per_second: positive,
          failures: Type.Literal(0),
          server_cpu_micros: positive,
          // Nothing, where a loop in the same process is the load.
          generator_cpu_micros: Type.Number({ minimum: 0 }),
          latency_ms: Type.Object({ p50: positive, p99: positive, p999: positive, max: positive }, exactly),
          batch: positive,
          event_loop_delay_ms: Type.Object({ p99: Type.Number(), max: Type.Number() }, exactly),
          ratios: Type.Record(Type.String(), positive),
        },
        exactly,
      ),
    ),
    limits: Type.Array(
      Type.Object({ ...named, operations_per_second: positive, cpu_micros: positive }, exactly),
    ),
    start_ups: Type.Array(Type.Object({ ...named, ms: positive }, exactly)),
    memory: Type.Array(
      Type.Object(
        { ...named, rss_bytes: positive, heap_bytes: positive, users_cached: Type.Integer({ minimum: 1 }) },
        exactly,
      ),
    ),
    aims: Type.Array(
      Type.Object({ ...named, aim: positive, measured: Type.Number(), met: Type.Boolean() }, exactly),
    ),
    skipped: Type.Array(Type.Object({ title: Type.String(), reason: Type.String() }, exactly)),
  },
  exactly,
);

const REST = [1, 16, 64].flatMap((count) =>
  ['validation', 'approval', 'hotp'].map((kind) => `rest_${kind}_${count}`),
);
/** Of a part alone; of a server that has it elsewhere. */
const PARTS = [
  'postgres_store_1',
  'postgres_store_4',
  'hsm_macs_inside',
  'hsm_macs_unwrapped',
  'hsm_macs_cached',
];
const VAULT = [1, 16, 256, 1_024].map((batch) => `vault_macs_${batch}`);
const ELSEWHERE = ['postgres', 'hsm_cached', 'hsm_inside', 'vault_process'];
const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);

test('the benchmark prints one JSON document with every row, and leaves nothing behind', async (t) => {
  const folder = await temporaryFolder(t);
  // PostgreSQL, which does not run as root, has its folder in it.
  await chmod(folder, 0o755);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [MAIN, '--tiny', '--json'], {
    env: { ...process.env, TMPDIR: folder, NODE_COMPILE_CACHE: COMPILED },
    timeout: TIME_MS,
  });
  // On a busy machine a server under measurement may wait for its database, and says so.
  const said = stderr
    .split('\n')
    .filter((line) => line !== '' && !/^(?:waiting for a|the) database /.test(line));
  assert.deepEqual(said, []);
  const report = JSON.parse(stdout) as Type.Static<typeof Report>;
  assert.deepEqual(Errors(Report, report), []);
  assert.ok(Check(Report, report));

  assert.deepEqual(names(report.rows), [
    'pipelined',
    'unpipelined',
    'bound_code',
    'log_in',
    'active_users_short',
    'active_users_long',
    'pipelined_short',
    'pipelined_long',
    'sealed',
    'sealed_long',
    ...REST,
    ...PARTS,
    ...VAULT,
    ...ELSEWHERE,
  ]);
  assert.deepEqual(report.skipped, []);
  assert.deepEqual(names(report.start_ups), ['first', 'users', 'grown', 'killed']);
  assert.deepEqual(names(report.memory), ['users_short', 'users_long', 'pipelined_long']);
  assert.deepEqual(names(report.aims), [
    'pipelined',
    'memory',
    'growth',
    'growth_active_users',
    'rest_validation',
    'rest_approval',
    'postgres_store',
    'sealing',
    'sealing_lag',
    'hsm_macs',
    'hsm_cached',
  ]);
  const ratiosOf = (name: string) => Object.keys(report.rows.find((row) => row.name === name)?.ratios ?? {});
  assert.deepEqual(ratiosOf('pipelined'), ['commits_pipelined', 'hmac', 'echo']);
  assert.deepEqual(ratiosOf('unpipelined'), ['commits_unpipelined', 'hmac', 'echo_unpipelined']);
  assert.deepEqual(ratiosOf('log_in'), ['argon2']);
  assert.deepEqual(ratiosOf('postgres_store_4'), ['postgres_bare_4']);
  assert.deepEqual(ratiosOf('hsm_macs_inside'), ['hsm_macs']);
  assert.deepEqual(ratiosOf('sealed'), ['unsealed']);
  for (const name of ELSEWHERE) assert.deepEqual(ratiosOf(name), ['embedded']);
  const limits = names(report.limits);
  for (const row of report.rows)
    for (const limit of Object.keys(row.ratios)) assert.ok(limits.includes(limit));
  const users = report.rows.find((row) => row.name === 'active_users_long');
  assert.equal(users?.operations, 100, 'each user once');

  assert.deepEqual(await readdir(folder), []);
});

test('an unknown option ends it at once, and --help says what there is', async () => {
  const run = promisify(execFile);
  await assert.rejects(run(process.execPath, [MAIN, '--fast']), /Unknown option '--fast'/);
  const { stdout } = await run(process.execPath, [MAIN, '--help']);
  for (const option of ['--stage', '--quick', '--json', '--profile', 'TMPDIR'])
    assert.match(stdout, new RegExp(option));
});

test('a stage that there is not ends it at once, and names those that there are', async () => {
  await assert.rejects(promisify(execFile)(process.execPath, [MAIN, '--stage', 'postgress']), {
    code: 2,
    stderr: /server, log, rest, postgres, hsm, vault/,
  });
});

test('a part that is not installed is left out, with the reason', async (t) => {
  const folder = await temporaryFolder(t);
  const findings = new Findings({
    sizes: TINY,
    quick: true,
    folder,
    nodeOptions: [],
    onStep: () => undefined,
  });
  const missing = { title: 'PostgreSQL', missing: 'apt-get install postgresql' };
  await measureParts(findings, [async () => missing]);
  assert.deepEqual(findings.rows, []);
  assert.deepEqual(skippedLines(findings), ['Left out: PostgreSQL. apt-get install postgresql']);
});
