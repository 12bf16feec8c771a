import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import type { DataKey } from '../../src/domain/surrogates/data-key.ts';
import { type RunResult, run } from '../../src/surrogates/run/run.ts';
import type { RunOptions } from '../../src/surrogates/run/run-options.ts';

export const dataKey: DataKey = { dataset: 'ward', version: 1, seed: Buffer.alloc(32, 9) };

/** Keeps what it can, so that tests see what is lost. */
export const KEEPING = {
  fhirPathRules: [
    { path: 'Resource.id', method: 'tokenize', domain: 'fhir' },
    { path: "nodesByType('Reference').reference", method: 'tokenize', domain: 'fhir' },
    { path: 'Bundle.entry.fullUrl', method: 'tokenize', domain: 'fhir' },
    { path: "nodesByType('Identifier').value", method: 'tokenize', domain: 'mrn' },
    { path: 'Resource', method: 'keep' },
  ],
  csvRules: [
    { column: 'patient', method: 'tokenize', domain: 'fhir' },
    { column: 'note', method: 'keep' },
  ],
};

/** A folder that is removed at the end of the suite. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'surrogates-'));
  after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export interface Made {
  readonly result: RunResult;
  /** The output's files by name. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly manifest: { readonly output: readonly { readonly url: string; readonly count: number }[] };
  readonly path: string;
}

/** Runs on files given by name. */
export async function make(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Partial<Omit<RunOptions, 'rules'>> & { readonly rules?: unknown } = {},
): Promise<Made> {
  const input = folder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(input, name)), { recursive: true });
    writeFileSync(join(input, name), content);
  }
  const output = join(folder(), 'made');
  const { rules = KEEPING, ...rest } = options;
  const result = await run({
    input,
    output,
    rules: JSON.stringify(rules),
    dataKey,
    onError: 'stop',
    workers: 1,
    now: new Date(0),
    ...rest,
  });
  return { result, ...readMade(options.output ?? output) };
}

export function readMade(path: string): Omit<Made, 'result'> {
  const names = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1));
  const files = new Map(names.map((name) => [name, readFileSync(join(path, name))]));
  return { files, manifest: JSON.parse(files.get('manifest.json')?.toString('utf8') ?? 'null'), path };
}

/** The records of an output. */
export function lines(made: Pick<Made, 'files'>, name: string) {
  const text = made.files.get(name)?.toString('utf8') ?? '';
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}
