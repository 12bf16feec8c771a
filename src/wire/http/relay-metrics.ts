import type { RelayControl } from '../../application/relay/relay.ts';
import type { MetricRegistry } from './metric-registry.ts';

/** Adds the figures of the sinks of events, by sink. */
export function relayMetrics(registry: MetricRegistry, relay: RelayControl): void {
  const labels = ['sink'];
  const of = (value: (sink: RelayControl['sinks'][number]) => number) => () =>
    relay.sinks.map((sink) => ({ labels: { sink: sink.sink }, value: value(sink) }));
  registry.labelledGauge(
    'sello_sink_lag',
    'Sealed entries that a sink of events has not acknowledged.',
    labels,
    async () => (await relay.status()).sinks.map(({ sink, lag }) => ({ labels: { sink }, value: lag })),
  );
  registry.labelledGauge(
    'sello_sink_lag_seconds',
    'Age of the oldest sealed entry that a sink of events has not acknowledged.',
    labels,
    async () =>
      (await relay.status()).sinks.map(({ sink, lagMs }) => ({ labels: { sink }, value: lagMs / 1_000 })),
  );
  const failed = of(({ problem }) => (problem ? 1 : 0));
  registry.labelledGauge('sello_sink_failed', '1 while a sink fails and is tried again.', labels, async () =>
    failed(),
  );
  registry.labelled(
    'sello_sink_acknowledged_total',
    'Events that a sink acknowledged to this process.',
    labels,
    of(({ acknowledged }) => acknowledged),
  );
  registry.labelled(
    'sello_sink_failures_total',
    'Sessions of a sink that failed, in this process.',
    labels,
    of(({ failures }) => failures),
  );
}
