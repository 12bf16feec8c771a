import { collectDefaultMetrics, Histogram } from 'prom-client';
import type { Context } from '../../application/context.ts';
import { InstrumentedVault } from '../../application/keys/instrumented-vault.ts';
import type { WitnessState } from '../../application/witness/witnesses.ts';
import { DecisionCounts } from './decision-counts.ts';
import { MetricRegistry } from './metric-registry.ts';
import type { ConnectionFigures } from './node-server.ts';
import { relayMetrics } from './relay-metrics.ts';

/** What the metrics read besides the application's context. */
export interface MetricsSources {
  readonly eventStreams: { readonly count: number; readonly slowReaders: number };
  readonly waiting: { readonly count: number };
  readonly connections: { readonly count: number; readonly evicted: number };
  readonly figures: ConnectionFigures;
  /** Set when the TCP protocol runs in this process. */
  readonly tcp?: TcpFigures;
}

export interface TcpFigures {
  readonly connections: number;
  readonly heldBytes: number;
  readonly counters: {
    readonly messages: number;
    readonly connectionsAccepted: number;
    readonly connectionsRefused: number;
    readonly connectionsEvicted: number;
    readonly slowReaders: number;
    readonly cutOff: number;
    readonly failures: number;
  };
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Decisions in one batch: at most LIMITS.batchMax. */
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];
const CALL_SECONDS = [0.000_1, 0.000_25, 0.000_5, ...SECONDS.slice(0, -2)];

/** The metrics that Prometheus reads. They name no user, service or account. */
export class Metrics {
  readonly #registry = new MetricRegistry();
  readonly #refusals = new Map<string, number>();
  readonly #durations: Histogram<'method' | 'route' | 'status'>;
  /** The histogram's children by label values: finding one by its labels costs more than observing. */
  readonly #observers = new Map<string, { observe(seconds: number): void }>();

  constructor(context: Context) {
    const counts = new DecisionCounts();
    context.decider.subscribeCommits((entries) => counts.add(entries));
    this.#durations = new Histogram({
      name: 'sello_http_request_duration_seconds',
      help: 'From the request to the end of its answer; waits and streams included.',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers: [this.#registry.registry],
    });
    this.#registry.labelled(
      'sello_decisions_total',
      'Entries committed, by type and reason.',
      ['type', 'reason'],
      () =>
        [...counts.decisions].map(({ type, reason, count }) => ({
          labels: { type, reason },
          value: count,
        })),
    );
    this.#registry.labelled('sello_lockouts_total', 'Wrong attempts that locked a factor.', ['factor'], () =>
      [...counts.lockOuts].map(([factor, value]) => ({ labels: { factor }, value })),
    );
    this.#registry.labelled('sello_http_refusals_total', 'Requests refused, by code.', ['code'], () =>
      [...this.#refusals].map(([code, value]) => ({ labels: { code }, value })),
    );
    this.#deciderMetrics(context);
    this.#vaultMetrics(context);
    this.#logMetrics(context);
    relayMetrics(this.#registry, context.relay);
    this.#registry.gauge(
      'sello_rate_limits_unshared',
      '1 while limits that servers share count in this one alone.',
      () => (context.rateLimiter.degraded ? 1 : 0),
    );
    collectDefaultMetrics({ register: this.#registry.registry });
  }

  /** Adds the metrics of what exists only once the server listens. */
  attach({ eventStreams, waiting, connections, figures, tcp }: MetricsSources): void {
    this.#registry.gauge('sello_http_connections', 'Open HTTP connections.', () => connections.count);
    this.#registry.counter(
      'sello_http_evicted_total',
      'Connections and proxied requests closed for those of networks that held fewer.',
      () => connections.evicted,
    );
    this.#registry.gauge('sello_event_streams', 'Open event streams.', () => eventStreams.count);
    this.#registry.counter(
      'sello_event_streams_slow_total',
      'Event streams closed because nobody read them.',
      () => eventStreams.slowReaders,
    );
    this.#registry.gauge(
      'sello_http_requests_waiting',
      'Requests that wait for a decision.',
      () => waiting.count,
    );
    this.#registry.gauge(
      'sello_http_held_bytes',
      'Requests that wait and answers that are not sent, of all HTTP connections.',
      () => figures.heldBytes,
    );
    this.#registry.counter(
      'sello_http_connections_cut_off_total',
      'HTTP connections cut off because the client did not read, or held too much.',
      () => figures.slowReaders + figures.cutOff,
    );
    if (!tcp) return;
    this.#registry.gauge(
      'sello_tcp_held_bytes',
      'Messages that wait and answers that are not sent, of all connections of the TCP protocol.',
      () => tcp.heldBytes,
    );
    this.#registry.counter(
      'sello_tcp_connections_cut_off_total',
      'Connections of the TCP protocol cut off because the client did not read, or held too much.',
      () => tcp.counters.slowReaders + tcp.counters.cutOff,
    );
    this.#registry.gauge(
      'sello_tcp_connections',
      'Open connections of the TCP protocol.',
      () => tcp.connections,
    );
    this.#registry.counter(
      'sello_tcp_messages_total',
      'Messages of the TCP protocol.',
      () => tcp.counters.messages,
    );
    this.#registry.counter(
      'sello_tcp_connections_accepted_total',
      'Connections accepted.',
      () => tcp.counters.connectionsAccepted,
    );
    this.#registry.counter(
      'sello_tcp_connections_refused_total',
      'Connections over a bound.',
      () => tcp.counters.connectionsRefused,
    );
    this.#registry.counter(
      'sello_tcp_connections_evicted_total',
      'Connections closed for those of networks that held fewer.',
      () => tcp.counters.connectionsEvicted,
    );
    this.#registry.counter(
      'sello_tcp_failures_total',
      'Messages answered as unavailable.',
      () => tcp.counters.failures,
    );
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    const id = `${method} ${route} ${status}`;
    let observer = this.#observers.get(id);
    if (!observer) {
      observer = this.#durations.labels({ method, route, status: `${status}` });
      this.#observers.set(id, observer);
    }
    observer.observe(seconds);
  }

  countRefusal(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
  }

  async read(): Promise<{ readonly text: string; readonly contentType: string }> {
    const { registry } = this.#registry;
    return { text: await registry.metrics(), contentType: registry.contentType };
  }

  #logMetrics({ logStatus, witnesses, retention }: Context): void {
    this.#registry.gauge('sello_log_size', 'Entries under the last checkpoint seen.', () => logStatus.size);
    this.#registry.gauge('sello_log_sealing', '1 in the process that seals the log.', () =>
      logStatus.sealing ? 1 : 0,
    );
    this.#registry.gauge('sello_log_failing', '1 while this process cannot seal the log.', () =>
      logStatus.failing ? 1 : 0,
    );
    const ofWitnesses = (value: (state: WitnessState) => number) => async () =>
      witnesses.states.map((state) => ({ labels: { witness: state.name }, value: value(state) }));
    this.#registry.labelledGauge(
      'sello_witness_signed_size',
      'Entries under the last checkpoint that each witness signed for this server.',
      ['witness'],
      ofWitnesses(({ signedSize }) => signedSize),
    );
    this.#registry.labelledGauge(
      'sello_witness_failing',
      '1 while a witness does not sign.',
      ['witness'],
      ofWitnesses(({ status }) => (status === 'failing' ? 1 : 0)),
    );
    this.#registry.gauge(
      'sello_retention_archived_entries',
      'Entries whose content is in files of the archive, as this process saw them last.',
      () => retention.seen.archived,
    );
    this.#registry.gauge(
      'sello_retention_erasures',
      'Erasures that are not finished, as this process saw them last.',
      () => retention.seen.erasures,
    );
  }

  #deciderMetrics({ decider, userCache, passwords, contradictions }: Context): void {
    const { counters } = decider;
    this.#registry.gauge(
      'sello_decisions_waiting',
      'Requests that wait for their batch.',
      () => decider.queueLength,
    );
    this.#registry.gauge(
      'sello_passwords_waiting',
      'Passwords that are, or wait to be, hashed.',
      () => passwords.queueLength,
    );
    const sizes = new Histogram({
      name: 'sello_batch_size',
      help: 'Requests decided together.',
      buckets: BATCH_SIZES,
      registers: [this.#registry.registry],
    });
    decider.subscribeBatches(({ jobs }) => sizes.observe(jobs));
    this.#registry.gauge('sello_users_cached', 'Users in memory.', () => userCache.size);
    this.#registry.counter('sello_batches_total', 'Batches decided.', () => counters.batches);
    this.#registry.counter(
      'sello_batch_requests_total',
      'Requests in them: by batches, the mean size of one.',
      () => counters.jobs,
    );
    this.#registry.counter('sello_entries_total', 'Entries appended to the journal.', () => counters.entries);
    this.#registry.counter(
      'sello_contradicted_rows_total',
      'Times that a row said something else than its journal entry: the database was changed from outside.',
      () => contradictions.count,
    );
    this.#registry.counter(
      'sello_superseded_total',
      'Decisions made again, for another came first.',
      () => counters.superseded,
    );
  }

  #vaultMetrics({ vault }: Context): void {
    if (!(vault instanceof InstrumentedVault)) return;
    const of =
      (value: 'calls' | 'failures' | 'items' | 'ms', scale = 1) =>
      () =>
        [...vault.statistics].map(([operation, count]) => ({
          labels: { operation },
          value: count[value] * scale,
        }));
    const labels = ['operation'];
    const durations = new Histogram({
      name: 'sello_vault_call_duration_seconds',
      help: 'From a call of the key vault to its answer.',
      labelNames: ['operation'],
      buckets: CALL_SECONDS,
      registers: [this.#registry.registry],
    });
    vault.onCall((operation, ms) => durations.labels(operation).observe(ms / 1000));
    this.#registry.labelled('sello_vault_calls_total', 'Calls of the key vault.', labels, of('calls'));
    this.#registry.labelled('sello_vault_failures_total', 'Calls that failed.', labels, of('failures'));
    this.#registry.labelled('sello_vault_items_total', 'Keys and messages in them.', labels, of('items'));
    this.#registry.labelled(
      'sello_vault_seconds_total',
      'Time spent waiting for them.',
      labels,
      of('ms', 0.001),
    );
  }
}
