/**
 * Writes src/surrogates/fhir/r4.json, the element types of FHIR R4, from the tables that the npm package `fhirpath`
 * extracts of HL7's definitions (CC0): `node scripts/fhir-types.ts FOLDER`, the folder being its `fhir-context/r4`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? '';
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const types: Record<string, string | { code: string }> = read('path2Type.json');
const parents: Record<string, string> = read('type2Parent.json');
const choices: Record<string, string[]> = read('choiceTypePaths.json');
const elsewhere: Record<string, string> = read('pathsDefinedElsewhere.json');

/** Elements of each type, a backbone element being the type of its path: `name type`, or `name type choice`. */
const elements: Record<string, string[]> = {};
for (const [path, declared] of Object.entries(types)) {
  const dot = path.lastIndexOf('.');
  if (dot < 0) continue;
  const owner = path.slice(0, dot);
  const name = path.slice(dot + 1);
  const code = typeof declared === 'string' ? declared : declared.code;
  const nested = elsewhere[path] ?? path;
  const isNested = Object.keys(types).some((other) => other.startsWith(`${nested}.`));
  const type = isNested ? `@${nested}` : code === 'System.String' ? 'string' : code;
  const choice = Object.entries(choices).find(
    ([stem, kinds]) => stem.startsWith(`${owner}.`) && kinds.some((kind) => `${stem}${kind}` === path),
  );
  elements[owner] = [
    ...(elements[owner] ?? []),
    [name, type, choice?.[0].slice(owner.length + 1)].join(' ').trim(),
  ];
}

const table = Object.fromEntries(
  [...new Set([...Object.keys(elements), ...Object.keys(parents)])].sort().map((type) => {
    const [, own] = [type, [...(elements[type] ?? [])].sort().join('|')];
    return [type, [parents[type] ?? '', own].join(':')];
  }),
);
writeFileSync(
  new URL('../src/surrogates/fhir/r4.json', import.meta.url),
  `${JSON.stringify(table, null, 2)}\n`,
);
