import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { toJson } from './report.ts';
import { run } from './run.ts';
import { FULL, QUICK, TINY } from './sizes.ts';
import { toText } from './text.ts';

const HELP = `npm run bench [-- OPTIONS]

Measures the server over TCP and REST on this machine, and what bounds it. Takes up to six minutes and 8 GB of disk.

  --quick         smaller sizes, 50 seconds at most
  --tiny          the least that runs every part: its figures say nothing
  --json          one JSON document and nothing else
  --profile DIR   writes a CPU profile of each server (*.cpuprofile) into DIR
  TMPDIR          where the throw-away data folder is made: the disk that is measured
`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    tiny: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const { quick, tiny, json, profile } = values;
  const sizes = tiny ? TINY : quick ? QUICK : FULL;
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(new Error(`not done in ${sizes.timeMs / 1_000} s`)), sizes.timeMs);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(name)));
  const folder = await mkdtemp(join(tmpdir(), 'sello-bench-'));
  const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`];
  const onStep = (step: string) => {
    if (!json) process.stderr.write(`${step}…\n`);
  };
  try {
    const report = await run({ sizes, quick: quick || tiny, folder, nodeOptions, onStep }, stop.signal);
    process.stdout.write(`${json ? toJson(report) : `\n${toText(report)}`}\n`);
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
