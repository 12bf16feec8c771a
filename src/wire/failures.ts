import { type Refusal, refuse, StoreUnavailable, VaultUnavailable } from '../domain/errors.ts';
import type { TcpLogger } from './tcp/services.ts';

const RETRY_AFTER_MS = 1_000;
const REPEAT_MS = 60_000;
const KINDS_MAX = 64;

/** What callers are told of an exception (`unavailable`, nothing else), and what the operator is. */
export class Failures {
  readonly #logger: Pick<TcpLogger, 'error'>;
  readonly #counters: { failures: number };
  readonly #loggedAt = new Map<string, number>();

  constructor(logger: Pick<TcpLogger, 'error'>, counters: { failures: number }) {
    this.#logger = logger;
    this.#counters = counters;
  }

  /** @param fields by which the line in the log is found again */
  refusalFor(error: unknown, fields: object = {}): Refusal {
    this.#counters.failures++;
    this.#log(error, fields);
    return refuse('unavailable', { retryAfterMs: RETRY_AFTER_MS });
  }

  /** One line a kind and minute: an outage fails thousands of requests alike. */
  #log(error: unknown, fields: object): void {
    const kind = describe(error);
    const key = JSON.stringify(kind);
    const now = performance.now();
    const last = this.#loggedAt.get(key);
    if (last !== undefined && now - last < REPEAT_MS) return;
    if (this.#loggedAt.size >= KINDS_MAX) this.#loggedAt.clear();
    this.#loggedAt.set(key, now);
    this.#logger.error({ ...kind, ...fields }, 'a request failed and was answered as unavailable');
  }
}

/** A message of our own says what is down. A bug's message may quote what a caller sent, so only its place is kept. */
function describe(error: unknown): object {
  if (error instanceof StoreUnavailable || error instanceof VaultUnavailable) {
    return { failure: error.name, reason: error.message };
  }
  if (!(error instanceof Error)) return { failure: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return {
    failure: error.name,
    code: 'code' in error ? String(error.code) : undefined,
    at: frames.slice(0, 8),
  };
}
