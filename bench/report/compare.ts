import Type from 'typebox';
import { Check } from 'typebox/value';
import { table } from '../../src/cli/shell/table.ts';
import type { Report } from './report.ts';

/** What a comparison reads of a report that was written by `--json`: members that it does not know, it ignores. */
const Earlier = Type.Object({
  started_at: Type.String(),
  rows: Type.Array(
    Type.Object({
      name: Type.String(),
      operations_per_second: Type.Number(),
      server_cpu_micros: Type.Number(),
      latency_ms: Type.Object({ p99: Type.Number() }),
    }),
  ),
  limits: Type.Array(Type.Object({ name: Type.String(), operations_per_second: Type.Number() })),
});

export type EarlierReport = Type.Static<typeof Earlier>;

/** Reads a report. @returns undefined where the text is none */
export function parseReport(text: string): EarlierReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return Check(Earlier, value) ? value : undefined;
}

/**
 * Formats what changed since an earlier report, for the rows that both have. The limits say how much of it is the
 * machine's: they are measured without any code of the server.
 */
export function compareReports(
  earlier: EarlierReport,
  { rows, limits }: Pick<Report, 'rows' | 'limits'>,
): string {
  const changed = rows.flatMap((row) => {
    const old = earlier.rows.find(({ name }) => name === row.name);
    if (!old) return [];
    return [
      [
        row.title,
        ...change(old.server_cpu_micros, row.serverCpuMicros),
        ...change(old.operations_per_second, row.operationsPerSecond),
        ...change(old.latency_ms.p99, row.latencyMs.p99),
      ],
    ];
  });
  const machine = limits.flatMap((limit) => {
    const old = earlier.limits.find(({ name }) => name === limit.name);
    return old ? [[limit.title, ...change(old.operations_per_second, limit.operationsPerSecond)]] : [];
  });
  return [
    `Since the run of ${earlier.started_at}:`,
    ...table(['load', 'server µs', 'now ÷ then', 'operations/s', 'now ÷ then', 'p99', 'now ÷ then'], changed),
    '',
    ...table(['limit', 'operations/s', 'now ÷ then'], machine),
  ].join('\n');
}

function change(then: number, now: number): [string, string] {
  return [`${figure(then)} → ${figure(now)}`, then === 0 ? '–' : (now / then).toFixed(2)];
}

function figure(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}
