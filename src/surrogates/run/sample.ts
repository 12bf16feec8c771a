import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { DataKey } from '../../domain/surrogates/data-key.ts';
import { CsvPump } from './csv-pump.ts';
import { cellsOf } from './csv-rows.ts';
import { formatOf } from './formats.ts';
import { InputRefused } from './inputs.ts';
import { compileSetup } from './worker-setup.ts';

/** A field of a sample record as it is and as it becomes. `after` is undefined where it is redacted. */
export interface SampleField {
  readonly path: string;
  readonly before: string;
  readonly after: string | undefined;
}

export interface SampleRecord {
  readonly error: string | undefined;
  readonly fields: readonly SampleField[];
}

const RECORDS_MAX = 3;

/** Transforms the first records of a file and compares field by field. Keeps nothing. @throws InputRefused */
export function sampleOf(
  path: string,
  rules: string,
  dataKey: DataKey,
  file: Buffer,
): readonly SampleRecord[] {
  const format = formatOf(path);
  if (!format) throw new InputRefused(path, 'format');
  const bytes =
    format.compression === 'gzip'
      ? gunzipSync(file)
      : format.compression === 'zstd'
        ? zstdDecompressSync(file)
        : file;
  const setup = compileSetup({ rules, dataKey, reverse: false, onError: 'skip' });
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (format.form === 'csv') return csvSample(setup, text);
  const records =
    format.form === 'lines' ? text.split('\n').filter((line) => line.trim() !== '') : documentRecords(text);
  const scanner = setup.scannerOf(path);
  return records.slice(0, RECORDS_MAX).map((record) => {
    const input = Buffer.from(record, 'utf8');
    scanner.resize(input.length, input.length * 40 + 65_536);
    scanner.input(input.length).set(input);
    const { error } = scanner.record(0, input.length, false);
    const output = Buffer.from(scanner.output()).toString('utf8');
    const before = error === 'syntax' || error === 'truncated' ? [] : leaves(JSON.parse(record));
    const after = new Map(output === '' ? [] : leaves(JSON.parse(output)));
    return {
      error,
      fields: before.map(([place, value]) => ({ path: place, before: value, after: after.get(place) })),
    };
  });
}

function documentRecords(text: string): readonly string[] {
  const document: unknown = JSON.parse(text);
  return Array.isArray(document) ? document.map((record) => JSON.stringify(record)) : [text];
}

function csvSample(setup: ReturnType<typeof compileSetup>, text: string): readonly SampleRecord[] {
  const output: string[] = [];
  const pump = new CsvPump(setup, 'sample.csv', {
    onOutput: (bytes) => output.push(Buffer.from(bytes).toString('utf8')),
    onError: () => undefined,
    onRecord: () => undefined,
  });
  const lines = text
    .split(/\r?\n/)
    .filter(Boolean)
    .slice(0, RECORDS_MAX + 1);
  const sample = Buffer.from(`${lines.join('\n')}\n`, 'utf8').subarray(0, pump.space().length);
  pump.space().set(sample);
  pump.filled(sample.length);
  pump.end();
  const { delimiter } = setup.compiled;
  const rows = (source: readonly string[]) => source.map((line) => cellsOf(line, delimiter) ?? []);
  const [names = [], ...before] = rows(lines);
  const [kept = [], ...after] = rows(output.join('').split('\n').filter(Boolean));
  return before.map((cells, i) => ({
    error: undefined,
    fields: names.map((name, column) => ({
      path: name,
      before: cells[column] ?? '',
      after: kept.includes(name) ? after[i]?.[kept.indexOf(name)] : undefined,
    })),
  }));
}

/** The strings, numbers and booleans of a JSON value, by where they are. */
function leaves(value: unknown, path = ''): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((item, i) => leaves(item, `${path}[${i}]`));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, item]) =>
      leaves(item, path === '' ? name : `${path}.${name}`),
    );
  return value === null ? [] : [[path, String(value)]];
}
