import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compareReports, type EarlierReport, parseReport } from './report/compare.ts';
import { toJson } from './report/report.ts';
import { toText } from './report/text.ts';
import { run, STAGES, type Stage } from './run.ts';
import { FULL, QUICK, STANDARD, TINY } from './sizes.ts';

const HELP = `npm run bench [-- OPTIONS]

Measures the server over TCP and REST on this machine, on PostgreSQL, an HSM (SoftHSM) and a vault process, and what bounds
each. What is not installed is left out, and said so. Takes less than five minutes on a quiet machine, and 2 GB of disk.

  --stage NAME    this stage alone, as often as is given: ${STAGES.join(', ')}
  --full          long journals and turns: up to fifteen minutes and 8 GB of disk
  --quick         smaller sizes, two minutes at most
  --tiny          the least that runs every part: its figures say nothing
  --json          one JSON document and nothing else
  --compare FILE  says what changed since that document
  --profile DIR   writes a CPU profile of each server (*.cpuprofile) into DIR
  TMPDIR          where the throw-away data folder is made: the disk that is measured; for root, one that the user
                  postgres may enter
`;

const { values } = parseArgs({
  options: {
    stage: { type: 'string', multiple: true },
    full: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    tiny: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    compare: { type: 'string' },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const { full, quick, tiny, json, compare, profile } = values;
  const unknown = values.stage?.find((name) => !STAGES.some((stage) => stage === name));
  if (unknown !== undefined) {
    process.stderr.write(`bench: no stage is called ${unknown}: ${STAGES.join(', ')}\n`);
    return 2;
  }
  const stages = STAGES.filter((stage: Stage) => values.stage?.includes(stage) ?? true);
  let earlier: EarlierReport | undefined;
  if (compare !== undefined) {
    // Before anything is measured: a name that was mistyped costs no five minutes.
    earlier = parseReport(await readFile(compare, 'utf8').catch(() => ''));
    if (!earlier) {
      process.stderr.write(`bench: ${compare} is no report: write one by npm run bench -- --json > FILE\n`);
      return 2;
    }
  }
  const sizes = tiny ? TINY : quick ? QUICK : full ? FULL : STANDARD;
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(new Error(`not done in ${sizes.timeMs / 1_000} s`)), sizes.timeMs);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(name)));
  const folder = await mkdtemp(join(tmpdir(), 'sello-bench-'));
  const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`];
  const onStep = (step: string) => {
    if (!json) process.stderr.write(`${step}…\n`);
  };
  try {
    const report = await run(
      { sizes, quick: quick || tiny, folder, nodeOptions, onStep },
      stages,
      stop.signal,
    );
    process.stdout.write(`${json ? toJson(report) : `\n${toText(report)}`}\n`);
    if (earlier && !json) process.stdout.write(`\n${compareReports(earlier, report)}\n`);
    // A figure of answers that were refused is no figure.
    return report.rows.some(({ failures }) => failures > 0) ? 1 : 0;
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    clearTimeout(late);
    await rm(folder, { recursive: true, force: true });
  }
}
