/*
 * Goal: the benchmark reports every row that it promises, and leaves nothing behind.
 * Method: the real command at a tiny size; its figures are not judged.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Type from 'typebox';
import { Check, Errors } from 'typebox/value';
import { measureParts } from '../../bench/backends/measure-backends.ts';
import { compareReports, parseReport } from '../../bench/report/compare.ts';
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
      Type.Object(
        {
          ...{ ...named, bound: Type.Enum(['at_least', 'at_most']) },
          ...{ aim: positive, measured: Type.Number(), met: Type.Boolean() },
        },
        exactly,
      ),
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
    'mac_cpu',
    'mac_rate',
    'bound_code_cpu',
    'unpipelined_cpu',
    'unpipelined_p50',
    'unpipelined_p99',
    'rest_hotp_cpu',
    'rest_approval_cpu',
    'rest_hotp_one',
    'stall',
    'start_up',
    'memory',
    'growth',
    'growth_active_users',
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
  for (const option of ['--stage', '--full', '--quick', '--json', '--compare', '--profile', 'TMPDIR'])
    assert.match(stdout, new RegExp(option));
});

test('a comparison with what is no report ends at once', async (t) => {
  const folder = await temporaryFolder(t);
  const other = join(folder, 'other.json');
  await writeFile(other, '{"rows":[]}');
  for (const file of [other, join(folder, 'missing.json')]) {
    await assert.rejects(promisify(execFile)(process.execPath, [MAIN, '--compare', file]), {
      code: 2,
      stderr: /is no report/,
    });
  }
});

test('a comparison says of each row that both runs have what changed, and of the limits, too', () => {
  const before = { started_at: '2026-11-30T10:00:00.000Z', rows: [], limits: [] };
  const row = {
    ...{ name: 'pipelined', title: 'by MAC', operations: 1, failures: 0, firstFailure: undefined },
    ...{ operationsPerSecond: 60_000, serverCpuMicros: 12.5, generatorCpuMicros: 1, batch: 1, ratios: {} },
    ...{ latencyMs: { p50: 1, p99: 3, p999: 4, max: 5 }, eventLoopDelayMs: { p99: 1, max: 2 } },
  };
  const limit = { name: 'echo', title: 'echo', operationsPerSecond: 300, cpuMicros: 1 };
  const earlier = parseReport(
    JSON.stringify({
      ...{ ...before, machine: 'unknown members are ignored' },
      rows: [
        { name: 'pipelined', operations_per_second: 50_000, server_cpu_micros: 25, latency_ms: { p99: 6 } },
        { name: 'gone', operations_per_second: 1, server_cpu_micros: 1, latency_ms: { p99: 1 } },
      ],
      limits: [{ name: 'echo', operations_per_second: 200 }],
    }),
  );
  assert.ok(earlier);
  const text = compareReports(earlier, {
    rows: [row, { ...row, name: 'new', title: 'new' }],
    limits: [limit],
  });
  assert.match(text, /by MAC +25\.0 → 12\.5 +0\.50 +50000 → 60000 +1\.20 +6\.0 → 3\.0 +0\.50/);
  assert.match(text, /echo +200 → 300 +1\.50/);
  assert.doesNotMatch(text, /gone|new/);
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
