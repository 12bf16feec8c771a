// `npm run drill`: what happens under load when each part dies. Prints a table: fault, pause, lost, doubled.
// `npm run drill -- --compose` kills the containers of deploy/compose.yaml instead.
import { parseArgs } from 'node:util';
import { engineProblem } from '../test/services/container-engine.ts';
import { installDebianPackages } from './debian-packages.ts';
import { COMPOSE_FAULTS, ComposeStage } from './drill/compose-stage.ts';
import type { DrillStage, Fault } from './drill/fault.ts';
import { FAULTS } from './drill/faults.ts';
import { report } from './drill/report.ts';
import { runDrill } from './drill/run.ts';
import { Stage } from './drill/stage.ts';

const { values } = parseArgs({
  options: {
    fault: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    compose: { type: 'boolean', default: false },
  },
});
const say = (line: string) => process.stderr.write(`${line}\n`);

async function drill<Where extends DrillStage & { remove(): Promise<void> }>(
  faults: readonly Fault<Where>[],
  start: () => Promise<Where>,
): Promise<void> {
  const unknown = values.fault?.find((name) => !faults.some((fault) => fault.name === name));
  if (unknown !== undefined) {
    say(`No fault is called ${unknown}: ${faults.map(({ name }) => name).join(', ')}`);
    process.exit(2);
  }
  const missing = installDebianPackages(say);
  if (missing) {
    say(`The drill needs ${missing.missing.join(', ')} (${missing.why}).`);
    process.exit(1);
  }
  const problem = values.compose ? engineProblem() : undefined;
  if (problem !== undefined) {
    say(`No container engine can run here: ${problem}.`);
    process.exit(1);
  }
  const stage = await start();
  try {
    const chosen = faults.filter(({ name }) => values.fault?.includes(name) ?? true);
    const results = await runDrill(stage, chosen, say);
    process.stdout.write(values.json ? `${JSON.stringify(results)}\n` : report(results));
    const held = results.every(({ lost, doubled, repaired }) => lost === 0 && doubled === 0 && repaired);
    process.exitCode = held ? 0 : 1;
  } finally {
    await stage.remove();
  }
}

if (values.compose) await drill(COMPOSE_FAULTS, () => ComposeStage.start(say));
else await drill(FAULTS, () => Stage.start(say));
