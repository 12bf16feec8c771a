import type { FaultResult } from './run.ts';

/** Formats the results as a Markdown table. */
export function report(results: readonly FaultResult[]): string {
  const rows = results.map(({ says, pauseMs, acknowledged, retried, lost, doubled, repaired }) => [
    says,
    `${(pauseMs / 1_000).toFixed(2)} s`,
    `${acknowledged}`,
    `${retried}`,
    `${lost}`,
    `${doubled}`,
    repaired ? 'yes' : 'NO',
  ]);
  const head = [
    'fault',
    'longest pause of a customer',
    'acknowledged',
    'retried',
    'lost',
    'doubled',
    'whole again',
  ];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  return line(head) + line(widths.map((width) => '-'.repeat(width))) + rows.map(line).join('');
}
