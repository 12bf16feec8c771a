import type { RefusalCode } from '../../domain/errors.ts';

/** What the wire counts from its start on, for the metrics to read. */
export interface TcpCounters {
  connectionsAccepted: number;
  /** Over a bound on connections. */
  connectionsRefused: number;
  messages: number;
  /** Answers that were not OK. */
  readonly refusals: Map<RefusalCode, number>;
  /** Destroyed because they did not read their answers. */
  slowReaders: number;
  /** Closed because nobody logged in, or nothing came, in time. */
  timeouts: number;
  tlsFailures: number;
  proxyHeadersRefused: number;
  /** Exceptions that were no refusal: an outage or a bug. */
  failures: number;
}

export function makeTcpCounters(): TcpCounters {
  return {
    connectionsAccepted: 0,
    connectionsRefused: 0,
    messages: 0,
    refusals: new Map(),
    slowReaders: 0,
    timeouts: 0,
    tlsFailures: 0,
    proxyHeadersRefused: 0,
    failures: 0,
  };
}

export function countRefusal(counters: TcpCounters, code: RefusalCode): void {
  counters.refusals.set(code, (counters.refusals.get(code) ?? 0) + 1);
}
