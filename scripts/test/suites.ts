import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Whole seconds that each of the slow suites took on a quiet machine with two cores. */
const DURATIONS = 'test/durations.json';
const RECORDED_SECONDS_MIN = 4;
/** Longer ones are left out of the quick run. */
const QUICK_SECONDS_MAX = 6;
/** Modules that start a program beside Sello, or a Sello with processes of its own. */
const SERVICES =
  /^test\/services\/(chromium|cluster|haproxy|hsm-peer|pg-auto-failover|postgres|redis|softhsm|vault)\.ts$/;
/** Suites about more than one part: the whole program, races, attacks. */
const SEVERAL_PARTS = /^test\/(bench|demo|deploy|e2e|lab|race|web-e2e)\//;

export interface LeftOut {
  readonly why: string;
  readonly files: readonly string[];
}

/** Every suite, or those whose path has one of the filters in it: folders, files, or a part of a path. */
export function findSuites(root: string, filters: readonly string[]): readonly string[] {
  const all = globSync('test/**/*.test.ts', { cwd: root }).sort();
  if (filters.length === 0) return all;
  return all.filter((file) => filters.some((filter) => file.includes(filter.replace(/^\.\//, ''))));
}

/** The suites that need no service, are about one part and do not take long; and the others, with why. */
export function quickSuites(
  root: string,
  all: readonly string[],
): { readonly files: readonly string[]; readonly leftOut: readonly LeftOut[] } {
  const durations = readDurations(root);
  const reasons: readonly (readonly [string, (file: string) => boolean])[] = [
    ['for they start a service', (file) => importsService(root, file)],
    ['for they are about more than one part', (file) => SEVERAL_PARTS.test(file)],
    ['for they take longer', (file) => (durations[file] ?? 0) > QUICK_SECONDS_MAX],
  ];
  let files = all;
  const leftOut = reasons.map(([why, isSo]) => {
    const out = files.filter(isSo);
    files = files.filter((file) => !out.includes(file));
    return { why, files: out };
  });
  return { files, leftOut: leftOut.filter((each) => each.files.length > 0) };
}

/** The slow ones first, so that none is left to run alone at the end. */
export function slowestFirst(root: string, files: readonly string[]): readonly string[] {
  const durations = readDurations(root);
  return [...files].sort((a, b) => (durations[b] ?? 0) - (durations[a] ?? 0));
}

/** Keeps what was measured; suites that did not run keep what they had, unless they are gone. */
export function recordDurations(root: string, measured: ReadonlyMap<string, number>): void {
  const all = findSuites(root, []);
  const seconds = { ...readDurations(root), ...Object.fromEntries(measured) };
  const kept = Object.entries(seconds)
    .filter(([file, value]) => all.includes(file) && value >= RECORDED_SECONDS_MIN)
    .map(([file, value]) => [file, Math.round(value)] as const)
    .sort(([a, before], [b, after]) => after - before || a.localeCompare(b));
  writeFileSync(join(root, DURATIONS), `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
}

function readDurations(root: string): Readonly<Record<string, number>> {
  return JSON.parse(readFileSync(join(root, DURATIONS), 'utf8'));
}

/** Whether the module, or one of the tests' that it imports, starts a service. */
function importsService(root: string, file: string, seen = new Set<string>()): boolean {
  if (seen.has(file)) return false;
  seen.add(file);
  if (SERVICES.test(file)) return true;
  const imports = readFileSync(join(root, file), 'utf8').matchAll(/^(?:import|\} from) .*'(\.[^']+)'/gm);
  return [...imports]
    .map(([, path = '']) => relative(root, resolve(root, dirname(file), path)))
    .filter((path) => path.startsWith('test/') && path.endsWith('.ts'))
    .some((path) => importsService(root, path, seen));
}
