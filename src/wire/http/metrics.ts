import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Context } from '../../application/context.ts';
import type { ChainedEntry } from '../../application/job.ts';
import { CountedVault } from '../../application/vault-calls.ts';

/** What of the server is not in the context. */
export interface MetricsSources {
  readonly eventStreams: { readonly count: number; readonly slowReaders: number };
  readonly waiting: { readonly count: number };
  readonly connections: () => number;
  /** Of the TCP protocol, where it runs in this process. */
  readonly tcp?: TcpFigures;
}

export interface TcpFigures {
  readonly connections: number;
  readonly counters: {
    readonly messages: number;
    readonly connectionsAccepted: number;
    readonly connectionsRefused: number;
    readonly failures: number;
  };
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Entries that nothing was refused by carry no reason worth reading. */
const REFUSED = /\.(refused|locked|cancelled|expired|ended)$/;
const REASON = /"reason":"([a-z_]{1,40})"/;
const LOCKED = /"factor":"([a-z]{1,16})","failures":\d+,"locked_ms":/;

/** What Prometheus reads. Nothing in it names a user, a service or an account. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #decisions = new Map<string, { readonly type: string; readonly reason: string; count: number }>();
  readonly #lockOuts = new Map<string, number>();
  readonly #refusals = new Map<string, number>();
  readonly #durations: Histogram<'method' | 'route' | 'status'>;
  /** Children of the histogram: looking one up by its labels each time would cost more than to observe. */
  readonly #observers = new Map<string, { observe(seconds: number): void }>();

  constructor(context: Context) {
    const registers = [this.#registry];
    context.decider.subscribe((entries) => this.#count(entries));
    this.#durations = new Histogram({
      name: 'sello_http_request_duration_seconds',
      help: 'From the request to the end of its answer; waits and streams included.',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers,
    });
    this.#labelled(
      'sello_decisions_total',
      'Entries committed, by type and reason.',
      ['type', 'reason'],
      () =>
        [...this.#decisions.values()].map(({ type, reason, count }) => ({
          labels: { type, reason },
          value: count,
        })),
    );
    this.#labelled('sello_lockouts_total', 'Wrong attempts that locked a factor.', ['factor'], () =>
      [...this.#lockOuts].map(([factor, value]) => ({ labels: { factor }, value })),
    );
    this.#labelled('sello_http_refusals_total', 'Requests refused, by code.', ['code'], () =>
      [...this.#refusals].map(([code, value]) => ({ labels: { code }, value })),
    );
    this.#deciderMetrics(context);
    this.#vaultMetrics(context);
    collectDefaultMetrics({ register: this.#registry });
  }

  /** What the server knows once it listens. */
  attach({ eventStreams, waiting, connections, tcp }: MetricsSources): void {
    this.#gauge('sello_http_connections', 'Open HTTP connections.', connections);
    this.#gauge('sello_event_streams', 'Open event streams.', () => eventStreams.count);
    this.#counter(
      'sello_event_streams_slow_total',
      'Event streams closed because nobody read them.',
      () => eventStreams.slowReaders,
    );
    this.#gauge('sello_http_requests_waiting', 'Requests that wait for a decision.', () => waiting.count);
    if (!tcp) return;
    this.#gauge('sello_tcp_connections', 'Open connections of the TCP protocol.', () => tcp.connections);
    this.#counter('sello_tcp_messages_total', 'Messages of the TCP protocol.', () => tcp.counters.messages);
    this.#counter(
      'sello_tcp_connections_accepted_total',
      'Connections accepted.',
      () => tcp.counters.connectionsAccepted,
    );
    this.#counter(
      'sello_tcp_connections_refused_total',
      'Connections over a bound.',
      () => tcp.counters.connectionsRefused,
    );
    this.#counter(
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
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  #count(entries: readonly ChainedEntry[]): void {
    for (const { type, body } of entries) {
      const refused = REFUSED.test(type);
      const reason = refused ? (REASON.exec(body)?.[1] ?? '') : '';
      const id = reason === '' ? type : `${type} ${reason}`;
      const known = this.#decisions.get(id);
      if (known) known.count++;
      else this.#decisions.set(id, { type, reason, count: 1 });
      const factor = refused ? LOCKED.exec(body)?.[1] : undefined;
      if (factor !== undefined) this.#lockOuts.set(factor, (this.#lockOuts.get(factor) ?? 0) + 1);
    }
  }

  #deciderMetrics({ decider }: Context): void {
    const { counters } = decider;
    this.#gauge('sello_decisions_waiting', 'Requests that wait for their batch.', () => decider.queueLength);
    this.#gauge('sello_users_cached', 'Users in memory.', () => decider.usersCached);
    this.#counter('sello_batches_total', 'Batches decided.', () => counters.batches);
    this.#counter(
      'sello_batch_requests_total',
      'Requests in them: by batches, the mean size of one.',
      () => counters.jobs,
    );
    this.#counter('sello_entries_total', 'Entries appended to the journal.', () => counters.entries);
    this.#counter(
      'sello_superseded_total',
      'Decisions made again, for another came first.',
      () => counters.superseded,
    );
  }

  #vaultMetrics({ vault }: Context): void {
    if (!(vault instanceof CountedVault)) return;
    const of =
      (value: 'calls' | 'failures' | 'items' | 'ms', scale = 1) =>
      () =>
        [...vault.counts].map(([operation, count]) => ({
          labels: { operation },
          value: count[value] * scale,
        }));
    const labels = ['operation'];
    this.#labelled('sello_vault_calls_total', 'Calls of the key vault.', labels, of('calls'));
    this.#labelled('sello_vault_failures_total', 'Calls that failed.', labels, of('failures'));
    this.#labelled('sello_vault_items_total', 'Keys and messages in them.', labels, of('items'));
    this.#labelled('sello_vault_seconds_total', 'Time spent waiting for them.', labels, of('ms', 0.001));
  }

  #labelled(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => readonly { readonly labels: Record<string, string>; readonly value: number }[],
  ): void {
    new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { labels, value } of read()) this.inc(labels, value);
      },
    });
  }

  #counter(name: string, help: string, read: () => number): void {
    this.#labelled(name, help, [], () => [{ labels: {}, value: read() }]);
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }
}
