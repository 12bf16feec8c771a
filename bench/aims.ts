import type { Findings } from './report/findings.ts';
import type { Aim } from './report/report.ts';

/** Durable authorised transactions a second. */
const TRANSACTIONS = 25_000;
const RSS_BYTES = 250_000_000;
/** The ratio that noise alone may cause between two rows. */
const GROWTH = 0.9;
/** Fraction of the rate of a bare Fastify route with the same schema. */
const OF_BARE = 0.4;
/** Fraction of the rate of bare batched inserts of the same rows on the same PostgreSQL server. */
const OF_INSERTS = 0.6;
/** Fraction of the HSM's own rate. */
const OF_HSM = 0.7;
/** Fraction of the rate of a server with its keys in a sealed file. */
const OF_EMBEDDED = 0.9;
/** Fraction of the rate of a server that seals nothing. */
const OF_UNSEALED = 0.9;
/** From an entry's commit to the checkpoint that covers it. */
const SEALING_LAG_MS = 2_000;

/** Returns the aims for two cores, without those whose figures were not measured. */
export function aimsOf({ rows, memory, sealingLag }: Findings): Aim[] {
  const named = (prefix: string) => rows.filter(({ name }) => name.startsWith(prefix));
  const rateOf = (name: string) => rows.find((row) => row.name === name)?.operationsPerSecond;
  const worstRatio = (prefix: string) => {
    const ratios = named(prefix).flatMap((row) => Object.values(row.ratios));
    return ratios.length > 0 ? Math.min(...ratios) : undefined;
  };
  const growth = (grown: string, begun: string) => {
    const [long, short] = [rateOf(grown), rateOf(begun)];
    return long === undefined || short === undefined ? undefined : long / Math.max(1, short);
  };
  const rss = memory.length > 0 ? Math.max(...memory.map(({ rssBytes }) => rssBytes)) : undefined;
  const bytes = 'bytes of the server in memory, once all users were active';
  return [
    ...atLeast(
      'pipelined',
      'durable authorised transactions a second, pipelined',
      TRANSACTIONS,
      rateOf('pipelined'),
    ),
    ...(rss === undefined
      ? []
      : [{ name: 'memory', title: bytes, aim: RSS_BYTES, measured: rss, met: rss < RSS_BYTES }]),
    ...atLeast(
      'growth',
      'pipelined, on the long journal against the short one',
      GROWTH,
      growth('pipelined_long', 'pipelined_short'),
    ),
    ...atLeast(
      'growth_active_users',
      'all users, on the long journal against the short one',
      GROWTH,
      growth('active_users_long', 'active_users_short'),
    ),
    ...['validation', 'approval'].flatMap((kind) => {
      const title = `REST: ${kind}s against the bare route, the worst`;
      return atLeast(`rest_${kind}`, title, OF_BARE, worstRatio(`rest_${kind}_`));
    }),
    ...atLeast(
      'postgres_store',
      'PostgreSQL: the store against bare inserts of the same rows, the worse',
      OF_INSERTS,
      worstRatio('postgres_store_'),
    ),
    ...atLeast(
      'sealing',
      'pipelined and sealed, against a server that seals nothing',
      OF_UNSEALED,
      rows.find(({ name }) => name === 'sealed')?.ratios.unsealed,
    ),
    ...(sealingLag === undefined
      ? []
      : [
          {
            name: 'sealing_lag',
            title: 'ms from a commit to the checkpoint that covers it, the longest at full speed',
            aim: SEALING_LAG_MS,
            measured: sealingLag.maxMs,
            met: sealingLag.maxMs < SEALING_LAG_MS,
          },
        ]),
    ...atLeast(
      'hsm_macs',
      "HSM: MACs of custody hsm against the HSM's own",
      OF_HSM,
      worstRatio('hsm_macs_inside'),
    ),
    ...atLeast(
      'hsm_cached',
      'HSM: a server of custody cached against the sealed file',
      OF_EMBEDDED,
      worstRatio('hsm_cached'),
    ),
  ];
}

function atLeast(name: string, title: string, aim: number, measured: number | undefined): Aim[] {
  return measured === undefined ? [] : [{ name, title, aim, measured, met: measured >= aim }];
}
