// `npm run drill`: what happens under load when each part dies. Prints a table: fault, pause, lost, doubled.
import { parseArgs } from 'node:util';
import { installDebianPackages } from './debian-packages.ts';
import { FAULTS } from './drill/faults.ts';
import { report } from './drill/report.ts';
import { runDrill } from './drill/run.ts';

const { values } = parseArgs({
  options: { fault: { type: 'string', multiple: true }, json: { type: 'boolean', default: false } },
});
const unknown = values.fault?.find((name) => !FAULTS.some((fault) => fault.name === name));
if (unknown !== undefined) {
  process.stderr.write(`No fault is called ${unknown}: ${FAULTS.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}
const say = (line: string) => process.stderr.write(`${line}\n`);
const missing = installDebianPackages(say);
if (missing) {
  say(`The drill needs ${missing.missing.join(', ')} (${missing.why}).`);
  process.exit(1);
}
const results = await runDrill(
  FAULTS.filter(({ name }) => values.fault?.includes(name) ?? true),
  say,
);
process.stdout.write(values.json ? `${JSON.stringify(results)}\n` : report(results));
process.exitCode = results.every(({ lost, doubled, repaired }) => lost === 0 && doubled === 0 && repaired)
  ? 0
  : 1;
