import type { Findings } from './report/findings.ts';
import type { Aim, Row } from './report/report.ts';

type Measured = number | undefined;

/** Returns the aims for two cores that the generator shares, without those whose figures were not measured. */
export function aimsOf({ rows, memory, startUps, sealingLag }: Findings): Aim[] {
  const row = (name: string) => rows.find((one) => one.name === name);
  const cpu = (name: string) => row(name)?.serverCpuMicros;
  const rate = (name: string) => row(name)?.operationsPerSecond;
  const ratio = (name: string, limit: string) => row(name)?.ratios[limit];
  const ratios = (prefix: string) => named(rows, prefix).flatMap((one) => Object.values(one.ratios));
  const stalls = named(rows, 'active_users_').map(({ eventLoopDelayMs }) => eventLoopDelayMs.max);
  return [
    ...most('mac_cpu', 'µs of the server for a transaction by MAC, pipelined', 9.5, cpu('pipelined')),
    ...least('mac_rate', 'transactions by MAC a second, pipelined', 95_000, rate('pipelined')),
    ...most('bound_code_cpu', 'µs for a transaction by bound code, pipelined', 14, cpu('bound_code')),
    ...most(
      'unpipelined_cpu',
      'µs for a transaction, one at a time on 16 connections',
      40,
      cpu('unpipelined'),
    ),
    ...most('unpipelined_p50', 'ms of such a transaction: p50', 0.8, row('unpipelined')?.latencyMs.p50),
    ...most('unpipelined_p99', 'ms of such a transaction: p99', 2, row('unpipelined')?.latencyMs.p99),
    ...most(
      'rest_hotp_cpu',
      'REST: µs for a validation of a HOTP code, 64 connections',
      25,
      cpu('rest_hotp_64'),
    ),
    ...most('rest_approval_cpu', 'REST: µs for an approval, 64 connections', 34, cpu('rest_approval_64')),
    ...least(
      'rest_hotp_one',
      'REST: such a validation on one connection, of the bare route with a row',
      0.95,
      ratio('rest_hotp_1', 'rest_bare_durable_1'),
    ),
    ...most('stall', 'ms that the event loop was not free, at 100,000 users: the longest', 50, worst(stalls)),
    ...most(
      'start_up',
      'ms of a start on 100,000 users',
      2_000,
      startUps.find(({ name }) => name === 'users')?.ms,
    ),
    ...most(
      'memory',
      'bytes of the server in memory, once all users were active',
      400_000_000,
      worst(memory.map(({ rssBytes }) => rssBytes)),
    ),
    ...least(
      'growth',
      'pipelined, on the long journal against the short one',
      0.9,
      quotient(rate('pipelined_long'), rate('pipelined_short')),
    ),
    ...least(
      'growth_active_users',
      'all users, on the long journal against the short one',
      0.9,
      quotient(rate('active_users_long'), rate('active_users_short')),
    ),
    ...least(
      'postgres_store',
      'PostgreSQL: the store against bare inserts of the same rows, the worse',
      0.85,
      lowest(ratios('postgres_store_')),
    ),
    ...least(
      'sealing',
      'pipelined and sealed, against a server that seals nothing',
      0.9,
      ratio('sealed', 'unsealed'),
    ),
    ...most(
      'sealing_lag',
      'ms from a commit to the checkpoint that covers it, the longest at full speed',
      2_000,
      sealingLag?.maxMs,
    ),
    ...least(
      'hsm_macs',
      "HSM: MACs of custody hsm against the HSM's own",
      0.7,
      lowest(ratios('hsm_macs_inside')),
    ),
    ...least(
      'hsm_cached',
      'HSM: a server of custody cached against the sealed file',
      0.9,
      lowest(ratios('hsm_cached')),
    ),
  ];
}

function named(rows: readonly Row[], prefix: string): readonly Row[] {
  return rows.filter(({ name }) => name.startsWith(prefix));
}

function worst(figures: readonly number[]): Measured {
  return figures.length === 0 ? undefined : Math.max(...figures);
}

function lowest(figures: readonly number[]): Measured {
  return figures.length === 0 ? undefined : Math.min(...figures);
}

function quotient(a: Measured, b: Measured): Measured {
  return a === undefined || b === undefined ? undefined : a / Math.max(1, b);
}

function least(name: string, title: string, aim: number, measured: Measured): Aim[] {
  return measured === undefined
    ? []
    : [{ name, title, bound: 'at_least', aim, measured, met: measured >= aim }];
}

function most(name: string, title: string, aim: number, measured: Measured): Aim[] {
  return measured === undefined
    ? []
    : [{ name, title, bound: 'at_most', aim, measured, met: measured <= aim }];
}
