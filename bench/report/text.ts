import { table } from '../../src/cli/shell/table.ts';
import type { Report, Row } from './report.ts';

/** Formats the report as tables. */
export function toText(report: Report): string {
  return [
    ...machineLines(report),
    '',
    ...rowLines(report),
    '',
    ...limitLines(report),
    '',
    ...ratioLines(report),
    '',
    ...startLines(report),
    '',
    ...aimLines(report),
    ...skippedLines(report),
    '',
    ...MEANING,
  ].join('\n');
}

const MEANING = [
  'What the figures mean',
  '  A transaction counts when its OK has come back over TCP: decided, and durable on disk (WAL, synchronous=FULL).',
  '  Asking for its challenge, and computing its MAC or code in the generator, is part of it; TLS is not.',
  '  server µs, client µs: CPU time of all threads of the process, by operation. p50 to max: ms from the first byte',
  '  sent to the answer read; pipelined, that includes waiting behind the connection’s other messages.',
  '  Of a part alone (store, HSM, vault) the µs are those of the process that calls it, and p50 to max are of a call.',
  '  batch: decisions a commit, on average. stall: the longest that the event loop was not free, ms.',
  '  Limits are what one part does alone, in the same run: a row cannot be faster than any of its limits.',
];

function machineLines({ machine, quick, elapsedMs }: Report): string[] {
  const { cpu, cores, memoryBytes, node, platform, loadAverage } = machine;
  const lines = [
    `${cpu}, ${cores} cores, ${Math.round(memoryBytes / 1e9)} GB; Node ${node}, ${platform}; ${Math.round(elapsedMs / 1_000)} s${quick ? ', quick: expect a third of noise' : ''}`,
  ];
  if (loadAverage > cores / 2) {
    lines.push(`The machine was busy (load ${loadAverage.toFixed(1)}): trust CPU by operation and ratios.`);
  }
  return lines;
}

export function skippedLines({ skipped }: Pick<Report, 'skipped'>): string[] {
  return skipped.map(({ title, reason }) => `Left out: ${title}. ${reason}`);
}

export function rowLines({ rows }: Pick<Report, 'rows'>): string[] {
  const head = [
    'load',
    'operations/s',
    'server µs',
    'client µs',
    'p50',
    'p99',
    'p99.9',
    'max',
    'batch',
    'stall',
  ];
  return table(
    head,
    rows.map((row) => [
      row.failures === 0 ? row.title : `${row.title} – ${row.failures} FAILED: ${row.firstFailure}`,
      whole(row.operationsPerSecond),
      tenths(row.serverCpuMicros),
      tenths(row.generatorCpuMicros),
      tenths(row.latencyMs.p50),
      tenths(row.latencyMs.p99),
      tenths(row.latencyMs.p999),
      tenths(row.latencyMs.max),
      tenths(row.batch),
      whole(row.eventLoopDelayMs.max),
    ]),
  );
}

export function limitLines({ limits }: Pick<Report, 'limits'>): string[] {
  return table(
    ['limit', 'operations/s', 'µs'],
    limits.map(({ title, operationsPerSecond, cpuMicros }) => [
      title,
      whole(operationsPerSecond),
      tenths(cpuMicros),
    ]),
  );
}

export function ratioLines({ rows, limits }: Pick<Report, 'rows' | 'limits'>): string[] {
  const titles = new Map(limits.map(({ name, title }) => [name, title]));
  const ratiosOf = (row: Row) =>
    Object.entries(row.ratios).map(([limit, ratio]) => [
      row.title,
      percent(ratio),
      titles.get(limit) ?? limit,
    ]);
  return table(['load', 'reaches', 'of'], rows.flatMap(ratiosOf));
}

function startLines({ startUps, memory }: Report): string[] {
  return [
    ...table(
      ['start-up', 'ms'],
      startUps.map(({ title, ms }) => [title, whole(ms)]),
    ),
    '',
    ...table(
      ['memory', 'RSS MB', 'heap MB', 'users cached'],
      memory.map(({ title, rssBytes, heapBytes, usersCached }) => [
        title,
        whole(rssBytes / 1e6),
        whole(heapBytes / 1e6),
        usersCached,
      ]),
    ),
  ];
}

function aimLines({ aims }: Report): string[] {
  return table(
    ['aim', 'aimed at', 'measured', 'measured ÷ aim', ''],
    aims.map(({ title, bound, aim, measured, met }) => [
      title,
      `${bound === 'at_least' ? '≥' : '≤'} ${figure(aim)}`,
      figure(measured),
      figure(measured / aim),
      met ? 'met' : 'MISSED',
    ]),
  );
}

function whole(value: number): number {
  return Math.round(value);
}
/** Rounds to one decimal. */
function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
function figure(value: number): number {
  return value < 10 ? Math.round(value * 100) / 100 : Math.round(value);
}
function percent(part: number): string {
  return `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`;
}
