import { mkdir, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { aimsOf } from './aims.ts';
import type { OpenPart } from './backends/backend.ts';
import { measureParts } from './backends/measure-backends.ts';
import { measureLimits } from './limits.ts';
import { measureSealing } from './log.ts';
import { openPostgresPart } from './postgres.ts';
import type { SeedOptions } from './processes/seed.ts';
import { openVaultPart } from './remote-vault.ts';
import { Findings, type RunOptions } from './report/findings.ts';
import type { Machine, Report } from './report/report.ts';
import { measureRest } from './rest.ts';
import { BYTES_PER_ENTRY } from './sizes.ts';
import { openHsmPart } from './softhsm.ts';
import { startUpMs } from './start-up.ts';
import { measureGrowth, measureLoads } from './tcp.ts';

/** The stages of the benchmark, in the order in which they run. */
export const STAGES = ['server', 'log', 'rest', 'postgres', 'hsm', 'vault'] as const;
export type Stage = (typeof STAGES)[number];

const PARTS: Readonly<Partial<Record<Stage, OpenPart>>> = {
  postgres: openPostgresPart,
  hsm: openHsmPart,
  vault: openVaultPart,
};

/** Runs the stages, one after the other. @param stages all, or some @param signal ends it: its processes are killed, and it rejects */
export async function run(
  options: RunOptions,
  stages: readonly Stage[],
  signal: AbortSignal,
): Promise<Report> {
  const startedAt = new Date();
  const machine = describeMachine();
  const findings = new Findings(options);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  try {
    await Promise.race([measureStages(findings, stages), aborted]);
  } finally {
    await findings.killAll();
  }
  const { rows, limits, startUps, memory, skipped } = findings;
  return {
    machine,
    startedAt: startedAt.toISOString(),
    elapsedMs: Date.now() - startedAt.getTime(),
    quick: options.quick,
    rows,
    limits,
    startUps,
    memory,
    aims: aimsOf(findings),
    skipped,
  };
}

// Why: docs/DECISIONS.md#benchmark-stages-alternate
async function measureStages(findings: Findings, stages: readonly Stage[]): Promise<void> {
  if (stages.includes('server')) await measureServer(findings);
  if (stages.includes('log')) await measureSealing(findings);
  if (stages.includes('rest')) await measureRest(findings);
  const openers = stages.flatMap((stage) => PARTS[stage] ?? []);
  if (openers.length > 0) await measureParts(findings, openers);
}

async function measureServer(findings: Findings): Promise<void> {
  const { sizes, folder, onStep } = findings.options;
  const { users, tokens, entries, startUps } = sizes;
  await requireSpace(folder, entries);

  onStep('start-up on an empty folder');
  const times: number[] = [];
  for (let n = 0; n < startUps; n++) times.push(await startUpMs(join(folder, `empty-${n}`)));
  addStartUp(findings, 'first', 'on an empty folder: database and keys are made', times);

  const data = join(folder, 'data');
  await mkdir(data);
  onStep(`writing ${users} users`);
  await seed(findings, { folder: data, users, tokens, entries: 0 });
  await measureStartUp(findings, data, 'users', `on ${users} users`);
  await measureLoads(findings, data);

  const grown = join(folder, 'grown');
  await mkdir(grown);
  onStep(`writing ${entries} entries`);
  await seed(findings, { folder: grown, users, tokens: 0, entries });
  await measureStartUp(findings, grown, 'grown', `on ${entries} entries`);
  await measureGrowth(findings, { short: data, long: grown });
  await measureStartUp(
    findings,
    grown,
    'killed',
    `on ${entries} entries, after the server was killed under load`,
    1,
  );

  await measureLimits(findings);
}

async function measureStartUp(
  findings: Findings,
  folder: string,
  name: string,
  title: string,
  count = findings.options.sizes.startUps,
): Promise<void> {
  findings.options.onStep(`start-up ${title}`);
  const times: number[] = [];
  for (let n = 0; n < count; n++) times.push(await startUpMs(folder));
  addStartUp(findings, name, title, times);
}

function addStartUp(findings: Findings, name: string, title: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b);
  findings.startUps.push({ name, title, ms: sorted[Math.floor(sorted.length / 2)] ?? 0 });
}

function seed(findings: Findings, options: SeedOptions): Promise<void> {
  return findings.withChild('seed', (child) => child.request('seed', options));
}

async function requireSpace(folder: string, entries: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const bytes = entries * BYTES_PER_ENTRY * 2;
  if (bavail * bsize < bytes) {
    throw new Error(`${folder} needs ${Math.ceil(bytes / 1e9)} GB: set TMPDIR to a folder that has them`);
  }
}

function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    loadAverage: loadavg()[0] ?? 0,
  };
}
