/*
 * Goal: whatever a file holds, a run says what is wrong without showing it, and no manifest names anything half written.
 * Method: runs on bad files, in-process and, where the process dies, by the command.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { surrogatesOf } from '../../src/domain/surrogates/modes.ts';
import { OutputFolder, OutputRefused } from '../../src/surrogates/run/output-folder.ts';
import { RunStopped, run } from '../../src/surrogates/run/run.ts';
import { sello } from '../services/sello-command.ts';
import { until } from '../waiting.ts';
import { dataKey, folder, KEEPING, lines, make, readMade } from './run-fixture.ts';

const patient = (id: unknown, more: object = {}) => JSON.stringify({ resourceType: 'Patient', id, ...more });
const token = (id: string): string => {
  const made = surrogatesOf(dataKey, 'fhir', { mode: 'siv' }).make([id]);
  return 'texts' in made ? (made.texts[0] ?? '') : '';
};

/** The errors file of a run that skips: `code offset`. */
async function errorsOf(files: Readonly<Record<string, string | Uint8Array>>, rules?: unknown) {
  const made = await make(files, { onError: 'skip', ...(rules === undefined ? {} : { rules }) });
  const errors = lines(made, 'errors.ndjson').map(
    ({ issue: [issue] }) => `${issue.details.text} ${issue.diagnostics}`,
  );
  assert.equal(made.result.errors, errors.length);
  return { made, errors };
}

async function stopCode(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const output = join(folder(), 'made');
  const error = await make(files, { output }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof RunStopped, String(error));
  assert.deepEqual(readdirSync(output), [], 'nothing is kept');
  return error.code;
}

test('a byte order mark, CRLF, blank lines and a missing newline at the end', async () => {
  const made = await make({
    'a.ndjson': `\uFEFF${patient('1')}\r\n\r\n  \n${patient('2')}`,
    'b.json': `\uFEFF [ ${patient('1')} ,\r\n ${patient('2')} ] \n`,
    'c.csv': '\uFEFFpatient,note\r\n1,x\r\n\r\n2,y',
    'd.ndjson': '',
    'e.json': '[]',
  });
  assert.deepEqual(
    lines(made, 'a.ndjson').map(({ id }) => id),
    [token('1'), token('2')],
  );
  assert.deepEqual(
    JSON.parse(made.files.get('b.json')?.toString() ?? '').map(({ id }: { id: string }) => id),
    [token('1'), token('2')],
  );
  assert.equal(made.files.get('c.csv')?.toString(), `patient,note\n${token('1')},x\n${token('2')},y\n`);
  assert.equal(made.files.get('d.ndjson')?.length, 0);
  assert.equal(made.files.get('e.json')?.toString(), '[]\n');
});

test('records that are no JSON, no UTF-8, or no resource are named by their place, and the others go on', async () => {
  const bad: (readonly [string, string | Uint8Array])[] = [
    ['syntax', '{"resourceType":"Patient",}'],
    ['syntax', `${patient('1')} x`],
    ['syntax', patient('1').slice(0, -1)],
    ['syntax', '{"resourceType":"Patient","id":"a\u0001"}'],
    ['syntax', '{"resourceType":"Patient","id":01}'],
    [
      'encoding',
      Buffer.concat([
        Buffer.from('{"resourceType":"Patient","id":"'),
        Buffer.from([0xff]),
        Buffer.from('"}'),
      ]),
    ],
    [
      'encoding',
      Buffer.concat([
        Buffer.from('{"resourceType":"Patient","name":[{"text":"'),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from('"}]}'),
      ]),
    ],
    ['resource_type_missing', '{"id":"1"}'],
    ['resource_type_unknown', '{"resourceType":"Secreto","id":"1"}'],
    ['resource_type_repeated', '{"resourceType":"Patient","id":"1","resourceType":"Group"}'],
    ['identifier_invalid', '{"resourceType":"Patient","id":"\\ud800"}'],
    ['identifier_too_long', patient('x'.repeat(1025))],
  ];
  const parts: Buffer[] = [];
  const expected: string[] = [];
  let at = 0;
  for (const [i, [code, line]] of bad.entries()) {
    const good = Buffer.from(`${patient(`g${i}`)}\n`);
    expected.push(`${code} a.ndjson, byte ${at + good.length}`);
    const pair = Buffer.concat([good, Buffer.from(line as string), Buffer.from('\n')]);
    at += pair.length;
    parts.push(pair);
  }
  const { made, errors } = await errorsOf({ 'a.ndjson': Buffer.concat(parts) });
  assert.deepEqual(errors, expected);
  assert.deepEqual(
    lines(made, 'a.ndjson').map(({ id }) => id),
    bad.map((_, i) => token(`g${i}`)),
  );
  const told = `${made.files.get('errors.ndjson')}${made.files.get('manifest.json')}`;
  assert.doesNotMatch(told, /Secreto|resourceType":"Patient/);
  for (const [code, line] of bad)
    assert.equal(await stopCode({ 'a.ndjson': Buffer.from(line as string) }), code);
});

test('members that stand twice are both treated', async () => {
  const made = await make({ 'a.ndjson': '{"resourceType":"Patient","id":"1","id":"2"}\n' });
  assert.equal(
    made.files.get('a.ndjson')?.toString(),
    `{"resourceType":"Patient","id":"${token('1')}","id":"${token('2')}"}\n`,
  );
});

test('nesting: 100 levels are read, 300 are an error', async () => {
  const nested = (levels: number) => {
    const open = '{"extension":['.repeat(levels / 2);
    return `{"resourceType":"Patient","id":"1","extension":[${open}{"url":"u"}${']}'.repeat(levels / 2)}]}`;
  };
  const rules = {
    fhirPathRules: [{ path: "nodesByType('Extension')", method: 'keep' }, ...KEEPING.fhirPathRules],
  };
  const { made, errors } = await errorsOf({ 'a.ndjson': `${nested(100)}\n${nested(300)}\n` }, rules);
  assert.equal(errors.length, 1);
  assert.match(errors[0] ?? '', /^nesting_too_deep a\.ndjson, byte \d+$/);
  assert.match(made.files.get('a.ndjson')?.toString() ?? '', /\{"url":"u"\}/);
});

test('a record of 64 MiB is read, and a longer one is an error', async () => {
  const long = (bytes: number) => {
    const empty = patient('1', { name: [{ text: '' }] });
    return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`);
  };
  const { made, errors } = await errorsOf({
    'a.ndjson': `${patient('0')}\n${long(67_108_864)}\n${patient('2')}\n${long(68_000_000)}\n${patient('3')}\n`,
  });
  assert.match(errors.join(), /^record_too_long a\.ndjson, byte \d+$/);
  const text = made.files.get('a.ndjson') ?? Buffer.alloc(0);
  assert.ok(text.length > 67_108_864);
  assert.equal(
    text
      .subarray(-60)
      .toString()
      .split('\n')
      .at(-2)
      ?.endsWith(`"${token('3')}"}`),
    true,
  );
  assert.deepEqual(
    made.manifest.output.map(({ count }) => count),
    [4],
  );
});

test('a compressed file that is cut short or damaged is left out as a whole', async () => {
  const text = Array.from({ length: 5_000 }, (_, i) => `${patient(`p${(i * 7919) % 65_537}`)}\n`).join('');
  const gzip = gzipSync(text);
  const damaged = Buffer.from(gzip);
  damaged.fill(0x55, 2_000, 2_100);
  const files = {
    'cut.ndjson.gz': gzip.subarray(0, gzip.length - 200),
    'damaged.ndjson.gz': damaged,
    'good.ndjson.gz': gzip,
    'plain.ndjson.gz': text,
    'zcut.ndjson.zst': zstdCompressSync(text).subarray(0, 2_000),
  };
  const { made, errors } = await errorsOf(files);
  assert.deepEqual(
    made.manifest.output.map(({ url, count }) => [url, count]),
    [['good.ndjson.gz', 5_000]],
  );
  assert.deepEqual([...made.files.keys()].sort(), ['errors.ndjson', 'good.ndjson.gz', 'manifest.json']);
  assert.equal(errors.length, 4);
  for (const [name, content] of Object.entries(files))
    if (name !== 'good.ndjson.gz') assert.equal(await stopCode({ [name]: content }), 'compression', name);
});

test('a document or table that is not what its name says is left out as a whole', async () => {
  const files = {
    'array.json': `[${patient('1')},${patient('2').slice(0, -3)}`,
    'column.csv': 'paciente,note\n1,x\n',
    'empty.json': ' ',
    'quote.csv': 'patient,note\n1,"x\n',
    'repeated.csv': 'patient,patient,note\n',
    'two.json': `${patient('1')} ${patient('2')}`,
  };
  const { made, errors } = await errorsOf(files);
  assert.deepEqual(made.manifest.output, []);
  assert.deepEqual(
    errors.map((error) => error.split(' ').slice(0, 2).join(' ')),
    [
      'truncated array.json,',
      'column_missing column.csv,',
      'truncated empty.json,',
      'truncated quote.csv,',
      'column_repeated repeated.csv,',
      'syntax two.json,',
    ],
  );
  const rows = await errorsOf({ 'a.csv': `patient,note\n1,x\n2\n3,"y"z\n4,w\n${'x'.repeat(3_000)},v\n` });
  assert.deepEqual(rows.errors, [
    'column_count a.csv, byte 17',
    'syntax a.csv, byte 19',
    'value_refused a.csv, byte 30',
  ]);
  assert.equal(rows.made.files.get('a.csv')?.toString(), `patient,note\n${token('1')},x\n${token('4')},w\n`);
});

test('an element of an array that is refused is left out, and the array stays one', async () => {
  const { made, errors } = await errorsOf({
    'a.json': `[{"resourceType":"Secreto"},${patient('1')},{"id":"2"},${patient('3')},{"resourceType":"Patient"}]`,
  });
  assert.deepEqual(errors, [
    'resource_type_unknown a.json, byte 1',
    `resource_type_missing a.json, byte ${patient('1').length + 29}`,
  ]);
  const ids = JSON.parse(made.files.get('a.json')?.toString() ?? '').map(({ id }: { id: string }) => id);
  assert.deepEqual(ids, [token('1'), token('3')]);
  assert.equal(made.result.dropped, 1);
});

test('a file that is changed while it is read is left out', async () => {
  const input = folder();
  const path = join(input, 'a.ndjson');
  writeFileSync(path, `${patient('1')}\n`.repeat(200_000));
  for (const onError of ['skip', 'stop'] as const) {
    const output = join(folder(), 'made');
    let isChanged = false;
    const made = run({
      ...{ input, output, rules: JSON.stringify(KEEPING), dataKey, onError, workers: 1, now: new Date(0) },
      onProgress: () => {
        if (!isChanged) appendFileSync(path, `${patient('2')}\n`);
        isChanged = true;
      },
    });
    if (onError === 'stop')
      await assert.rejects(made, (error) => error instanceof RunStopped && error.code === 'input_changed');
    else {
      assert.equal((await made).files, 0);
      assert.match(readMade(output).files.get('errors.ndjson')?.toString() ?? '', /input_changed/);
    }
    assert.equal(existsSync(join(output, 'a.ndjson')), false);
  }
});

test('a surrogate of another key, domain or version is refused in a reversal, never copied', async () => {
  const made = await make({ 'a.ndjson': `${patient('1')}\n` });
  const text = made.files.get('a.ndjson') ?? '';
  for (const other of [
    { ...dataKey, version: 2 },
    { ...dataKey, seed: Buffer.alloc(32, 1) },
    { ...dataKey, dataset: 'other' },
  ]) {
    await assert.rejects(
      make({ 'a.ndjson': text }, { reverse: true, dataKey: other }),
      (error) => error instanceof RunStopped && error.code === 'value_refused',
    );
    const skipped = await make(
      { 'a.ndjson': text, 'b.csv': `patient,note\n${token('1')},x\n` },
      { reverse: true, dataKey: other, onError: 'skip' },
    );
    assert.equal(skipped.files.get('a.ndjson')?.toString(), '');
    assert.equal(skipped.files.get('b.csv')?.toString(), 'patient,note\n');
    assert.equal(skipped.result.errors, 2);
  }
});

test('two runs do not write one folder, and what is in a folder stays', async () => {
  const path = join(folder(), 'made');
  const first = OutputFolder.open(path);
  assert.throws(
    () => OutputFolder.open(path),
    (error) => error instanceof OutputRefused && error.reason === 'in use',
  );
  first.abandon();
  first.close();
  writeFileSync(join(path, 'mine.txt'), 'x');
  assert.throws(
    () => OutputFolder.open(path),
    (error) => error instanceof OutputRefused && error.reason === 'not empty',
  );
  assert.deepEqual(readdirSync(path), ['mine.txt']);
});

/** The arguments of a run by the command. */
function argumentsOf(input: string, output: string): string[] {
  const place = folder();
  writeFileSync(join(place, 'rules.json'), JSON.stringify(KEEPING));
  writeFileSync(join(place, 'key'), Buffer.from(dataKey.seed).toString('hex'));
  const files = ['--rules', join(place, 'rules.json'), '--key-file', join(place, 'key')];
  return ['surrogates', 'run', '--dataset', 'ward', ...files, '--in', input, '--out', output];
}

test('killed in the middle: no manifest; the same command again makes what one that was not killed makes', async () => {
  const input = folder();
  writeFileSync(join(input, 'a.ndjson'), `${patient('1')}\n`.repeat(300_000));
  writeFileSync(join(input, 'b.ndjson'), `${patient('2')}\n`.repeat(300_000));
  const output = join(folder(), 'made');
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, ...argumentsOf(input, output)], { stdio: 'ignore' });
  await until(
    () => existsSync(output) && readdirSync(output).some((name) => name.startsWith('.sello-partial')),
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(existsSync(join(output, 'manifest.json')), false);
  const again = await sello(argumentsOf(input, output));
  assert.equal(again.code, 0);
  const made = readMade(output);
  assert.deepEqual([...made.files.keys()].sort(), ['a.ndjson', 'b.ndjson', 'manifest.json']);
  const whole = await make({ 'a.ndjson': `${patient('1')}\n`.repeat(300_000) });
  assert.ok(made.files.get('a.ndjson')?.equals(whole.files.get('a.ndjson') ?? Buffer.alloc(0)));
});

test('a full disk ends the run by its name, and nothing is left', async (context) => {
  const disk = folder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
  if (mounted.status !== 0) {
    context.skip('needs the right to mount');
    return;
  }
  try {
    const input = folder();
    writeFileSync(join(input, 'a.ndjson'), `${patient('1')}\n`.repeat(200_000));
    writeFileSync(join(input, 'b.ndjson.gz'), gzipSync(`${patient('1')}\n`.repeat(200_000)));
    const output = join(disk, 'made');
    const { code, stderr } = await sello(argumentsOf(input, output));
    assert.equal(code, 3);
    assert.match(stderr, /--out: the disk is full/);
    assert.deepEqual(readdirSync(output), []);
  } finally {
    spawnSync('umount', [disk]);
  }
});

test('the command says what is wrong with its arguments', async () => {
  const input = folder();
  mkdirSync(join(input, 'sub'));
  writeFileSync(join(input, 'sub', 'a.parquet'), 'x');
  const empty = folder();
  const cases: [string[], RegExp][] = [
    [argumentsOf(input, join(folder(), 'made')), /a\.parquet is of no known format/],
    [argumentsOf(join(input, 'nothing'), join(folder(), 'made')), /--in: there is no .*nothing/],
    [argumentsOf(empty, join(folder(), 'made')), /no files in/],
    [argumentsOf(join(input, 'sub'), input), /known format/],
  ];
  for (const [words, pattern] of cases) {
    const { code, stderr } = await sello(words);
    assert.equal(code, 2, stderr);
    assert.match(stderr, pattern);
  }
});
