/*
 * Goal: the scanner in WebAssembly does what the reference in TypeScript does, to the byte.
 * Method: records generated from the types of FHIR and from chosen forms of identifiers, written with and without
 * whitespace and escapes, then damaged; each through both, in windows of many records.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { DataKey } from '../../src/domain/surrogates/data-key.ts';
import { compilePlan } from '../../src/surrogates/rules/plan.ts';
import { readRules } from '../../src/surrogates/rules/read-rules.ts';
import { ReferenceTransformer } from '../../src/surrogates/scan/reference.ts';
import { Scanner } from '../../src/surrogates/scan/scanner.ts';
import { jsonText, resource } from './arbitrary-records.ts';

const dataKey: DataKey = { dataset: 'ward', version: 2, seed: Buffer.alloc(32, 5) };
const RULES = {
  fhirPathRules: [
    { path: "nodesByType('Extension').value as string", method: 'keep' },
    { path: 'Patient.id', method: 'tokenize', domain: 'patient' },
    { path: 'Resource.id', method: 'tokenize', domain: 'other' },
    {
      path: "nodesByType('Reference').reference",
      method: 'tokenize',
      domains: { Patient: 'patient', '*': 'other' },
    },
    { path: 'Bundle.entry.fullUrl', method: 'tokenize', domain: 'other' },
    { path: "nodesByType('Identifier').value", method: 'tokenize', domain: 'mrn' },
    { path: "nodesByType('HumanName').family", method: 'substitute', replaceWith: 'Doe' },
    { path: 'Patient.telecom', method: 'substitute', replaceWith: { system: 'other' } },
    { path: "nodesByType('HumanName').given", method: 'tokenize', domain: 'name', mode: 'hmac' },
    { path: 'Patient.birthDate', method: 'dateShift' },
    { path: 'Patient.address', method: 'redact' },
    { path: 'Patient | Bundle | Observation', method: 'keep' },
  ],
};

function planOf(rules: unknown, reverse = false) {
  const read = readRules(JSON.stringify(rules));
  assert.ok(!('problems' in read), JSON.stringify(read));
  return compilePlan(read, { reverse });
}

/** The outcome of each line. */
function scan(scanner: Scanner, lines: readonly Uint8Array[], asLines = true): string[] {
  const outcomes: string[] = [];
  const input = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  scanner.resize(input.length, input.length * 40 + 4096);
  scanner.input(input.length).set(input);
  let at = 0;
  const written: number[] = [];
  for (const line of lines) {
    const made = scanner.record(at, at + line.length, asLines);
    written.push(made.written);
    const rest = Buffer.from(line.subarray(Math.max(0, made.end - at))).toString('latin1');
    const trailing = made.error === undefined && !(asLines ? /^[ \t\r]*$/ : /^[ \t\r\n]*$/).test(rest);
    outcomes.push(made.error ?? (trailing ? 'syntax' : made.written === 0 ? 'nothing' : 'text'));
    at += line.length + 1;
  }
  const output = Buffer.from(scanner.output());
  let from = 0;
  return outcomes.map((outcome, i) => {
    const text = output.toString('utf8', from, from + (written[i] ?? 0));
    from += written[i] ?? 0;
    return outcome === 'text' ? text : outcome;
  });
}

function refer(reference: ReferenceTransformer, line: Uint8Array, asLines = true): string {
  const made = reference.record(line, asLines);
  if (made === undefined) return 'nothing';
  return 'error' in made ? made.error : Buffer.from(made.text).toString('utf8');
}

for (const reverse of [false, true]) {
  test(`scanner and reference agree${reverse ? ' in a reversal' : ''}`, () => {
    const plan = planOf(RULES, reverse);
    const scanner = new Scanner(plan, { dataKey, file: 'a.ndjson' });
    const reference = new ReferenceTransformer(plan, { dataKey, file: 'a.ndjson' });
    fc.assert(
      fc.property(
        fc.array(
          resource.chain((record) => jsonText(record)),
          { minLength: 1, maxLength: 4 },
        ),
        (texts) => {
          const lines = texts.map((text) => Buffer.from(text, 'utf8'));
          assert.deepEqual(
            scan(scanner, lines, false),
            lines.map((line) => refer(reference, line, false)),
          );
        },
      ),
      { numRuns: 400 },
    );
  });
}

test('scanner and reference agree on damaged records', () => {
  const plan = planOf(RULES);
  const scanner = new Scanner(plan, { dataKey, file: 'a.ndjson' });
  const reference = new ReferenceTransformer(plan, { dataKey, file: 'a.ndjson' });
  const damaged = fc
    .tuple(
      resource.chain((record) => jsonText(record)),
      fc.nat(),
      fc.constantFrom('cut', 'drop', '"', '\\', '}', ']', ',', ':', '0', 'n', '\u0001', '\n', 'x'),
    )
    .map(([text, where, change]) => {
      const at = where % (text.length + 1);
      if (change === 'cut') return text.slice(0, at);
      return text.slice(0, at) + (change === 'drop' ? '' : change) + text.slice(at + 1);
    });
  fc.assert(
    fc.property(damaged, fc.boolean(), (text, asLines) => {
      const line = Buffer.from(text, 'utf8');
      // Where a text ends too early, the reference's patterns do not see whether more would have helped.
      const outcome = (made: string | undefined) => (made === 'truncated' ? 'syntax' : made);
      assert.equal(
        outcome(scan(scanner, [line], asLines)[0]),
        outcome(refer(reference, line, asLines)),
        text,
      );
    }),
    { numRuns: 1500 },
  );
});

test('scanner.wasm is what its source compiles to', () => {
  const built = join(mkdtempSync(join(tmpdir(), 'scanner-')), 'scanner.wasm');
  const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
  execFileSync(process.execPath, [path('../../scripts/build-scanner.ts'), built]);
  assert.ok(readFileSync(built).equals(readFileSync(path('../../src/surrogates/scan/scanner.wasm'))));
  rmSync(dirname(built), { recursive: true });
});
