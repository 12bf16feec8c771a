import Type, { type Static } from 'typebox';
import type { SpanCounts } from '../../application/search/journal-figures.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import type { HttpDependencies } from './dependencies.ts';
import { closed, named, time } from './schema.ts';
import { VERSION } from './version.ts';

const count = () => Type.Integer({ minimum: 0 });
const SPAN = { approved: count(), refused: count(), requested: count(), log_ins: count(), other: count() };
const counts = (description: string) => closed({ decisions: count(), ...SPAN }, { description });

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
        ...SPAN,
      }),
      { description: 'The last hour by the minute, the oldest first; the last minute is running.' },
    ),
    last_minute: counts('The sixty seconds until now, of all servers.'),
    last_hour: counts('The sixty minutes above, of all servers.'),
    last_day: counts('The last 24 hours, of all servers: the running minute and the 1,439 before it.'),
    counted_until: Type.Union([time('Until then.'), Type.Null()], {
      description: 'Until when entries are counted, where counting is behind; null: until now.',
    }),
    refusals: Type.Array(closed({ reason: Type.String(), count: count() }), {
      description: 'Of the last hour, the most frequent first.',
    }),
    latency_ms: closed(
      {
        requests: count(),
        ...{ p50: Type.Number(), p95: Type.Number(), p99: Type.Number(), max: Type.Number() },
      },
      { description: "From the beginning of a batch to its commit: this server's, of the last minute." },
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
      locked: Type.Integer({ description: 'Who are locked now, by whatever server.' }),
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

function countsOf({ logIns, ...others }: SpanCounts) {
  const { approved, refused, requested, other } = others;
  return { decisions: approved + refused + requested + logIns + other, ...others, log_ins: logIns };
}

/**
 * What all servers decided, and the state of this one now. Checks its parts, at most once in `readinessCachedMs`.
 * @param ageMsMax how old the counts may be
 */
export async function overviewView(
  dependencies: HttpDependencies,
  ageMsMax = 0,
): Promise<Static<typeof Overview>> {
  const { context, overview, figures, health, eventStreams, waiting, openConnections } = dependencies;
  const { decider, userCache, vault } = context;
  const checked = await health.check();
  const keyVersion = checked.find(({ part }) => part === 'vault')?.up
    ? await vault.activeKeyVersion().catch(() => null)
    : null;
  const { latency, batches } = overview.figures();
  const counted = await figures.read(ageMsMax);
  const { lastMinute, lastHour, lastDay, countedUntil } = counted;
  const uptimeMs = Math.round(process.uptime() * 1000);
  const now = decider.now();
  return {
    at: rfc3339(now),
    started_at: rfc3339(Math.max(0, now - uptimeMs)),
    uptime_ms: uptimeMs,
    versions: { sello: VERSION, node: process.version },
    custody: vault.custody,
    key_version: keyVersion,
    minutes: counted.minutes.map(({ at, logIns, ...own }) => ({ ...own, at: rfc3339(at), log_ins: logIns })),
    last_minute: countsOf(lastMinute),
    last_hour: countsOf(lastHour),
    last_day: countsOf(lastDay),
    counted_until: countedUntil === undefined ? null : rfc3339(countedUntil),
    refusals: [...counted.refusals],
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
    users: { locked: counted.usersLocked, cached: userCache.size },
    parts: checked.map(({ part, up, degraded, latencyMs }) => ({
      ...{ part, up, degraded },
      latency_ms: latencyMs,
    })),
  };
}
