import type { RefusalCode } from '../../domain/errors.ts';

/** Counts since the server's start, for the metrics. */
export interface TcpCounters {
  connectionsAccepted: number;
  /** Connections over a bound. */
  connectionsRefused: number;
  /** Connections closed because another network, which held fewer, needed their place. */
  connectionsEvicted: number;
  messages: number;
  /** Answers that were not OK. */
  readonly refusals: Map<RefusalCode, number>;
  /** Connections destroyed because the client did not read its answers. */
  slowReaders: number;
  /** Connections destroyed because all together held too much (src/wire/held-bytes.ts). */
  cutOff: number;
  /** Connections closed because nobody logged in, or nothing arrived, in time. */
  timeouts: number;
  tlsFailures: number;
  proxyHeadersRefused: number;
  /** Exceptions: outages and bugs. */
  failures: number;
}

export function makeTcpCounters(): TcpCounters {
  return {
    connectionsAccepted: 0,
    connectionsRefused: 0,
    connectionsEvicted: 0,
    messages: 0,
    refusals: new Map(),
    slowReaders: 0,
    cutOff: 0,
    timeouts: 0,
    tlsFailures: 0,
    proxyHeadersRefused: 0,
    failures: 0,
  };
}

export function countRefusal(counters: TcpCounters, code: RefusalCode): void {
  counters.refusals.set(code, (counters.refusals.get(code) ?? 0) + 1);
}
