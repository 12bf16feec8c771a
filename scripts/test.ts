// `npm test`: types, lint and format and import direction, then every suite. `npm test -- test/domain` narrows the suites.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { installDebianPackages } from './debian-packages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const NODE = process.execPath;
/** A test that hangs is ended; the slowest stops and starts a server fifty times. */
const TEST_TIME_MAX_MS = 600_000;

/** What a developer's shell has set must not change what is tested. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(SELLO_|LC_|LANG)/.test(name)),
);
environment.LC_ALL = 'C.UTF-8';

function step(name: string, command: string, args: readonly string[]): void {
  process.stdout.write(`▶ ${name}\n`);
  const startedAt = performance.now();
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: environment });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (status === 0) {
    process.stdout.write(`✔ ${name} (${seconds} s)\n`);
    return;
  }
  process.stdout.write(`✖ ${name}${error ? `: ${error.message}` : ''}\n`);
  process.exit(1);
}

/** Folders, files, or a part of a file's path. */
function suites(filters: readonly string[]): readonly string[] {
  const all = globSync('test/**/*.test.ts', { cwd: root }).sort();
  if (filters.length === 0) return all;
  return all.filter((file) => filters.some((filter) => file.includes(filter.replace(/^\.\//, ''))));
}

const filters = process.argv.slice(2);
const files = suites(filters);
if (files.length === 0) {
  process.stderr.write(`No suite has ${filters.join(' or ')} in its path.\n`);
  process.exit(1);
}
const missing = installDebianPackages((line) => process.stdout.write(`▶ ${line}\n`));
if (missing) {
  process.stdout.write(
    `  Without ${missing.missing.join(', ')} (${missing.why}) the suites that need them fail: apt-get install them.\n`,
  );
}
step('types', NODE, ['node_modules/typescript/bin/tsc']);
step('types of the pages', NODE, ['node_modules/typescript/bin/tsc', '-p', 'web']);
step('lint, format, import direction', 'node_modules/.bin/biome', ['ci', '.']);
process.stdout.write(`▶ ${files.length} suites\n`);
const tests = spawnSync(
  NODE,
  [
    '--test',
    `--test-concurrency=${Math.max(2, Math.min(4, availableParallelism()))}`,
    `--test-timeout=${TEST_TIME_MAX_MS}`,
    '--test-reporter=./scripts/test-reporter.ts',
    '--test-reporter-destination=stdout',
    ...files,
  ],
  { cwd: root, stdio: 'inherit', env: environment },
);
process.exitCode = tests.status ?? 1;
