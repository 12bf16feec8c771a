import { Latencies, type LatencySummary } from '../report/latencies.ts';

/** What is sent, and by how many. */
export interface LoadOptions {
  readonly kind: LoadKind;
  readonly port: number;
  readonly connections: number;
  /** Messages that a connection has under way; 1 where the kind is not pipelined. */
  readonly window: number;
  /** Users are taken from the first one on. */
  readonly users: number;
  /** Of the lines that are echoed. */
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
  /** Answers that were not OK, or not what was expected. */
  readonly failures: number;
  readonly firstFailure: string | undefined;
  readonly elapsedMs: number;
  /** Of the generator's process, all threads. */
  readonly cpuMicros: number;
  readonly latencyMs: LatencySummary;
}

/** Counts what came back since it was last reset. */
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

  /** Operations and failures so far. */
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

/** One connection's part of a load. */
export interface Client {
  /** Sends its first messages, then goes on by itself until `stop`. */
  start(): Promise<void>;
  /** Sends nothing more. @returns once all that was sent is answered */
  stop(): Promise<void>;
}

export function isOk(answer: string): boolean {
  return answer.startsWith('{"status":"OK"');
}
