/*
 * Goal: from a new dataset to surrogates that join and turn back, by the commands of docs/surrogates.md.
 * Method: the real commands on the shipped sample, in a data folder of their own; then without the key.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../services/application.ts';
import { sello, selloJson } from '../services/sello-command.ts';

const SAMPLE = fileURLToPath(new URL('../../examples/surrogates/', import.meta.url));
const RULES = join(SAMPLE, 'rules.json');

test('the sample: rules checked, made, joined, turned back; refused once the key is destroyed', async (context) => {
  const folder = await temporaryFolder(context);
  const data = ['--data-dir', join(folder, 'data')];
  const dataset = ['--dataset', 'ward', '--rules', RULES, ...data];
  const checked = await sello([
    'surrogates',
    'rules',
    'check',
    RULES,
    '--sample',
    join(SAMPLE, 'data/visits.csv'),
    ...data,
  ]);
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(checked.stdout, /patient +alma +Q[A-Za-z0-9.-]+\n.*mrn.*\n.*visited.*\(redacted\)/);

  await selloJson(['surrogates', 'dataset', 'create', 'ward', ...data]);
  const made = join(folder, 'made');
  const run = await selloJson(['surrogates', 'run', ...dataset, '--in', join(SAMPLE, 'data'), '--out', made]);
  assert.deepEqual([run.files, run.records, run.dropped, run.errors], [5, 85, 0, 0]);
  const records = (path: string) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const patients = new Set(records(join(made, 'Patient.ndjson')).map(({ id }) => `Patient/${id}`));
  assert.equal(patients.size, 12);
  for (const { subject } of records(join(made, 'Encounter.ndjson')))
    assert.ok(patients.has(subject.reference));
  const [, ...rows] = readFileSync(join(made, 'visits.csv'), 'utf8').trim().split('\n');
  for (const row of rows) assert.ok(patients.has(`Patient/${row.split(',')[0]}`));

  const journal = await sello(['audit', 'export', ...data]);
  assert.match(journal.stdout, /"detail":\{"dataset":"ward","version":1\}[^\n]*"type":"dataset.key_given"/);

  const back = join(folder, 'back');
  await selloJson(['surrogates', 'reverse', ...dataset, '--in', made, '--out', back]);
  const ids = (path: string) => records(path).map(({ id, identifier: [{ value }] }) => [id, value]);
  assert.deepEqual(ids(join(back, 'Patient.ndjson')), ids(join(SAMPLE, 'data/Patient.ndjson')));

  await selloJson(['surrogates', 'dataset', 'rotate', 'ward', ...data]);
  const stale = await sello([
    'surrogates',
    'reverse',
    ...dataset,
    '--in',
    made,
    '--out',
    join(folder, 'stale'),
    '--json',
  ]);
  assert.equal(stale.code, 1);
  assert.equal(JSON.parse(stale.stderr).error.code, 'surrogate_invalid');
  const first = ['--dataset-version', '1'];
  await selloJson([
    'surrogates',
    'reverse',
    ...dataset,
    ...first,
    '--in',
    made,
    '--out',
    join(folder, 'again'),
  ]);
  await selloJson(['surrogates', 'dataset', 'destroy', 'ward', ...first, '--yes', ...data]);
  for (const [words, code] of [
    [first, 'dataset_destroyed'],
    [['--dataset-version', '9'], 'dataset_unknown'],
    [['--dataset', 'nobody'], 'dataset_unknown'],
  ] as const) {
    const refused = await sello([
      'surrogates',
      'reverse',
      ...dataset,
      ...words,
      '--in',
      made,
      '--out',
      join(folder, 'x'),
      '--json',
    ]);
    assert.equal(refused.code, 1);
    assert.equal(JSON.parse(refused.stderr).error.code, code);
  }
});
