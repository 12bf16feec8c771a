import Type, { type Static } from 'typebox';
import { rfc3339 } from '../../domain/journal/entry.ts';
import type { HttpDependencies } from './dependencies.ts';
import { closed, named, time } from './schema.ts';
import { VERSION } from './version.ts';

const count = () => Type.Integer({ minimum: 0 });
const Counts = closed({ decisions: count(), approved: count(), refused: count() });

export const Overview = named(
  'Overview',
  closed({
    at: time('Now.'),
    started_at: time('When this server started.'),
    uptime_ms: count(),
    versions: closed({ sello: Type.String(), node: Type.String() }),
    custody: Type.Enum(['hsm', 'cached']),
    key_version: Type.Union([count(), Type.Null()], { description: 'null: the vault does not answer.' }),
    minutes: Type.Array(
      closed({
        at: time('When the minute began.'),
        ...{ approved: count(), refused: count(), requested: count(), log_ins: count(), other: count() },
      }),
      { description: 'The last hour, the oldest first; the last minute is running.' },
    ),
    last_minute: Counts,
    last_hour: Counts,
    refusals: Type.Array(closed({ reason: Type.String(), count: count() }), {
      description: 'Of the last hour, the most frequent first.',
    }),
    latency_ms: closed(
      {
        requests: count(),
        ...{ p50: Type.Number(), p95: Type.Number(), p99: Type.Number(), max: Type.Number() },
      },
      { description: 'From the beginning of a batch to its commit, over this and the last minute.' },
    ),
    batches: closed({ count: count(), mean_size: Type.Number(), max_size: count() }),
    queues: closed({
      decisions_waiting: count(),
      passwords_waiting: count(),
      requests_waiting: count(),
      event_streams: count(),
      http_connections: count(),
      tcp_connections: count(),
    }),
    users: closed({
      locked: Type.Integer({ description: 'By decisions of this server since its start.' }),
      cached: count(),
    }),
    parts: Type.Array(
      closed({
        part: Type.String(),
        up: Type.Boolean(),
        degraded: Type.Boolean({ description: 'It makes do with less, and decisions go on.' }),
        latency_ms: count(),
      }),
    ),
  }),
);

type Minute = Static<typeof Overview>['minutes'][number];

function countsOf(minutes: readonly Minute[]): Static<typeof Counts> {
  const sum = { decisions: 0, approved: 0, refused: 0 };
  for (const { approved, refused, requested, log_ins, other } of minutes) {
    sum.approved += approved;
    sum.refused += refused;
    sum.decisions += approved + refused + requested + log_ins + other;
  }
  return sum;
}

/** The state of this server now. Checks its parts, at most once in `readinessCachedMs`. */
export async function overviewView(dependencies: HttpDependencies): Promise<Static<typeof Overview>> {
  const { context, overview, health, eventStreams, waiting, openConnections } = dependencies;
  const { decider, userCache, vault } = context;
  const checked = await health.check();
  const keyVersion = checked.find(({ part }) => part === 'vault')?.up
    ? await vault.activeKeyVersion().catch(() => null)
    : null;
  const { minutes, refusals, latency, batches, usersLocked } = overview.figures();
  const views = minutes.map(({ at, logIns, ...counts }) => ({ ...counts, at: rfc3339(at), log_ins: logIns }));
  const uptimeMs = Math.round(process.uptime() * 1000);
  const now = decider.now();
  return {
    at: rfc3339(now),
    started_at: rfc3339(Math.max(0, now - uptimeMs)),
    uptime_ms: uptimeMs,
    versions: { sello: VERSION, node: process.version },
    custody: vault.custody,
    key_version: keyVersion,
    minutes: views,
    last_minute: countsOf(views.slice(-1)),
    last_hour: countsOf(views),
    refusals: [...refusals],
    latency_ms: {
      ...{ requests: latency.count, p50: latency.p50Ms, p95: latency.p95Ms },
      ...{ p99: latency.p99Ms, max: latency.maxMs },
    },
    batches: { count: batches.count, mean_size: batches.meanSize, max_size: batches.maxSize },
    queues: {
      decisions_waiting: decider.queueLength,
      passwords_waiting: context.passwords.queueLength,
      requests_waiting: waiting.count,
      event_streams: eventStreams.count,
      http_connections: openConnections.http(),
      tcp_connections: openConnections.tcp(),
    },
    users: { locked: usersLocked, cached: userCache.size },
    parts: checked.map(({ part, up, degraded, latencyMs }) => ({
      ...{ part, up, degraded },
      latency_ms: latencyMs,
    })),
  };
}
