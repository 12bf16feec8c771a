import type { Findings } from './findings.ts';
import type { Aim } from './report.ts';

const TRANSACTIONS = 25_000;
const RSS_BYTES = 250_000_000;
/** What noise alone may take away between two rows. */
const GROWTH = 0.9;

/** Of what a bare Fastify route of the same schema does. */
const OF_BARE = 0.4;

/** What the figures should be on two cores. */
export function aimsOf({ rows, memory }: Findings): Aim[] {
  const rateOf = (name: string) => rows.find((row) => row.name === name)?.operationsPerSecond ?? 0;
  const growth = (grown: string, begun: string) => rateOf(grown) / Math.max(1, rateOf(begun));
  const rss = Math.max(0, ...memory.map(({ rssBytes }) => rssBytes));
  return [
    atLeast(
      'pipelined',
      'durable authorised transactions a second, pipelined',
      TRANSACTIONS,
      rateOf('pipelined'),
    ),
    {
      name: 'memory',
      title: 'bytes of the server in memory, once all users were active',
      aim: RSS_BYTES,
      measured: rss,
      met: rss < RSS_BYTES,
    },
    atLeast(
      'growth',
      'pipelined, on the long journal against the short one',
      GROWTH,
      growth('pipelined_long', 'pipelined_short'),
    ),
    atLeast(
      'growth_active_users',
      'all users, on the long journal against the short one',
      GROWTH,
      growth('active_users_long', 'active_users_short'),
    ),
    ...['validation', 'approval'].map((kind) => {
      const reached = rows.filter(({ name }) => name.startsWith(`rest_${kind}_`)).map(({ ratios }) => ratios);
      const least = Math.min(...reached.flatMap((ratios) => Object.values(ratios)));
      return atLeast(`rest_${kind}`, `REST: ${kind}s against the bare route, the worst`, OF_BARE, least);
    }),
  ];
}

function atLeast(name: string, title: string, aim: number, measured: number): Aim {
  return { name, title, aim, measured, met: measured >= aim };
}
