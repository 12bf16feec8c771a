import { Counter, Gauge, Registry } from 'prom-client';

interface LabelledValue {
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** Metrics whose values are read from elsewhere when Prometheus asks, rather than counted here. */
export class MetricRegistry {
  readonly registry = new Registry();

  labelled(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => readonly LabelledValue[],
  ): void {
    new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { labels, value } of read()) this.inc(labels, value);
      },
    });
  }

  counter(name: string, help: string, read: () => number): void {
    this.labelled(name, help, [], () => [{ labels: {}, value: read() }]);
  }

  /** A gauge per label, whose values may have to be asked for; none are shown where that fails. */
  labelledGauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Promise<readonly LabelledValue[]>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      async collect() {
        const values = await read().catch(() => []);
        this.reset();
        for (const { labels, value } of values) this.set(labels, value);
      },
    });
  }

  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
