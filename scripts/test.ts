// `npm test`: types, lint and format and import direction, then every suite. `npm test -- test/domain` narrows the suites;
// `npm test -- --quick` runs those that need no service and little time, and prints which it leaves out.
// `npm test -- --record` keeps the suites' times in test/durations.json, by which the slowest are started first.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installDebianPackages } from './debian-packages.ts';
import { TestReport } from './test/report.ts';
import { runSuites } from './test/runner.ts';
import { findSuites, quickSuites, recordDurations, slowestFirst } from './test/suites.ts';

// Why: docs/DECISIONS.md#each-suite-is-a-run-of-the-runner
// Why: docs/DECISIONS.md#suites-start-their-own-services
const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Half of a suite's time is waiting: for processes that start, for faults to be noticed. */
const SUITES_PER_CORE = 2;
const SUITES_AT_ONCE = { min: 4, max: 8 } as const;

/** What a developer's shell has set must not change what is tested. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(SELLO_|LC_|LANG)/.test(name)),
);
environment.LC_ALL = 'C.UTF-8';
// Half of what a short suite takes is to compile the program: once is enough.
environment.NODE_COMPILE_CACHE = join(ROOT, 'node_modules/.cache/sello');

// Why: docs/DECISIONS.md#biome-is-held-back
function step(name: string, command: string, args: readonly string[]): void {
  process.stdout.write(`▶ ${name}\n`);
  const startedAt = performance.now();
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: environment });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (status === 0) {
    process.stdout.write(`✔ ${name} (${seconds} s)\n`);
    return;
  }
  process.stdout.write(`✖ ${name}${error ? `: ${error.message}` : ''}\n`);
  process.exit(1);
}

function installPackages(): void {
  const missing = installDebianPackages((line) => process.stdout.write(`▶ ${line}\n`));
  if (!missing) return;
  process.stdout.write(
    `  Without ${missing.missing.join(', ')} (${missing.why}) the suites that need them fail: apt-get install them.\n`,
  );
}

const { values: given, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, record: { type: 'boolean', default: false } },
});
const found = findSuites(ROOT, filters);
const { files, leftOut } = given.quick ? quickSuites(ROOT, found) : { files: found, leftOut: [] };
if (files.length === 0) {
  process.stderr.write(`No suite has ${filters.join(' or ')} in its path.\n`);
  process.exit(1);
}
if (!given.quick) installPackages();
step('types', process.execPath, ['node_modules/typescript/bin/tsc']);
step('types of the pages', process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'web']);
step('lint, format, import direction', 'node_modules/.bin/biome', ['ci', '.']);
for (const { why, files: out } of leftOut)
  process.stdout.write(
    `▷ left out, ${why}: ${out.length} suites\n${out.map((file) => `    ${file}\n`).join('')}`,
  );

process.stdout.write(`▶ ${files.length} suites\n`);
const report = new TestReport(files.length, process.stdout);
const durations = await runSuites(slowestFirst(ROOT, files), {
  root: ROOT,
  environment,
  atOnce: Math.min(
    SUITES_AT_ONCE.max,
    Math.max(SUITES_AT_ONCE.min, SUITES_PER_CORE * availableParallelism()),
  ),
  report,
});
await report.close();
if (given.record) recordDurations(ROOT, durations);
process.exitCode = report.failed ? 1 : 0;
