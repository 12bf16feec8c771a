import { Latencies, type LatencySummary } from '../report/latencies.ts';

/** The kind of load, and by how many connections and users. */
export interface LoadOptions {
  readonly kind: LoadKind;
  readonly port: number;
  readonly connections: number;
  /** Messages in flight per connection; 1 for kinds that are not pipelined. */
  readonly window: number;
  /** Number of users, from the first one on. */
  readonly users: number;
  /** Length of an echoed line. */
  readonly lineBytes?: number;
}

export type LoadKind =
  | 'pipelined'
  | 'bound_code'
  | 'unpipelined'
  | 'log_in'
  | 'active_users'
  | 'echo'
  | 'echo_unpipelined';

export interface LoadResult {
  readonly operations: number;
  /** Answers that were not OK or not as expected. */
  readonly failures: number;
  readonly firstFailure: string | undefined;
  readonly elapsedMs: number;
  /** CPU time of the generator's process, all threads. */
  readonly cpuMicros: number;
  readonly latencyMs: LatencySummary;
}

/** Counts the answers since the last reset. */
export class Meter {
  readonly #latencies = new Latencies();
  #operations = 0;
  #failures = 0;
  #firstFailure: string | undefined;
  #startedAt = 0;
  #cpu = process.cpuUsage();

  reset(): void {
    this.#latencies.clear();
    this.#operations = 0;
    this.#failures = 0;
    this.#startedAt = performance.now();
    this.#cpu = process.cpuUsage();
  }

  done(sentAt: number): void {
    this.#operations++;
    this.#latencies.add(performance.now() - sentAt);
  }

  failed(answer: string): void {
    this.#failures++;
    this.#firstFailure ??= answer;
  }

  /** Operations and failures since the last reset. */
  get count(): number {
    return this.#operations + this.#failures;
  }

  result(): LoadResult {
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      operations: this.#operations,
      failures: this.#failures,
      firstFailure: this.#firstFailure,
      elapsedMs: performance.now() - this.#startedAt,
      cpuMicros: user + system,
      latencyMs: this.#latencies.summary(),
    };
  }
}

/** One connection of a load. */
export interface Client {
  /** Sends its first messages, then goes on by itself until `stop`. */
  start(): Promise<void>;
  /** Stops sending. Resolves when everything sent is answered. */
  stop(): Promise<void>;
}

export function isOk(answer: string): boolean {
  return answer.startsWith('{"status":"OK"');
}
