/*
 * Goal: a run's output joins as the input did, turns back, and is the same whatever the number of workers.
 * Method: runs on folders of generated files, compared with the surrogates that the REST API makes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { surrogatesOf } from '../../src/domain/surrogates/modes.ts';
import { dataKey, lines, make } from './run-fixture.ts';

/** More than one range, with lines of many lengths. */
function observations(count: number): string {
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      resourceType: 'Observation',
      id: `o${i}`,
      status: 'final',
      subject: { reference: `Patient/p${i % 97}` },
      note: [{ text: 'x'.repeat((i * 37) % 900) }],
    }),
  )
    .map((line) => `${line}\n`)
    .join('');
}

test('surrogates join across files, formats and the REST API', async () => {
  const patient = { resourceType: 'Patient', id: 'p1', identifier: [{ system: 's', value: 'M 1' }] };
  const made = await make({
    'Patient.ndjson': `${JSON.stringify(patient)}\n`,
    'more/Observation.ndjson.gz': gzipSync(
      JSON.stringify({
        resourceType: 'Observation',
        id: 'o1',
        status: 'final',
        subject: { reference: 'Patient/p1' },
      }),
    ),
    'bundle.json': JSON.stringify({
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ fullUrl: 'http://h.example/fhir/Patient/p1', resource: patient }],
    }),
    'visits.csv': 'patient,secret,note\r\np1,x,"a ""b"", c"\r\n,y,\r\n',
  });
  const expected = surrogatesOf(dataKey, 'fhir', { mode: 'siv' }).make(['p1', 'o1']);
  const [p1, o1] = 'texts' in expected ? expected.texts : [];
  const [value] = lines(made, 'Patient.ndjson');
  assert.equal(value.id, p1);
  const gzip = made.files.get('more/Observation.ndjson.gz');
  const [observation] = [JSON.parse(gunzipSync(gzip ?? '').toString('utf8'))];
  assert.deepEqual([observation.id, observation.subject.reference], [o1, `Patient/${p1}`]);
  const [bundle] = [JSON.parse(made.files.get('bundle.json')?.toString('utf8') ?? '')];
  assert.equal(bundle.entry[0].fullUrl, `http://h.example/fhir/Patient/${p1}`);
  assert.equal(bundle.entry[0].resource.id, p1);
  assert.equal(made.files.get('visits.csv')?.toString('utf8'), `patient,note\n${p1},"a ""b"", c"\n,\n`);
  assert.deepEqual(
    made.manifest.output.map(({ url, count }) => [url, count]),
    [
      ['Patient.ndjson', 1],
      ['bundle.json', 1],
      ['more/Observation.ndjson.gz', 1],
      ['visits.csv', 2],
    ],
  );
});

test('one worker and three make the same bytes, and a reversal gives the input back', async () => {
  const input = observations(24_000);
  const files = { 'Observation.ndjson': input, 'more/Observation.ndjson.zst': zstdCompressSync(input) };
  const one = await make(files, { workers: 1 });
  const three = await make(files, { workers: 3 });
  assert.ok(input.length > 2 * 4_194_304);
  assert.equal(one.result.records, 48_000);
  for (const name of Object.keys(files))
    assert.ok(one.files.get(name)?.equals(three.files.get(name) ?? Buffer.alloc(0)));
  const packed = one.files.get('more/Observation.ndjson.zst') ?? Buffer.alloc(0);
  assert.ok(zstdDecompressSync(packed).equals(one.files.get('Observation.ndjson') ?? Buffer.alloc(0)));
  const back = await make(
    { 'Observation.ndjson': one.files.get('Observation.ndjson') ?? '' },
    { reverse: true, workers: 2 },
  );
  assert.equal(back.files.get('Observation.ndjson')?.toString('utf8'), input);
});
