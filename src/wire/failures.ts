import { type Refusal, refuse, StoreUnavailable, VaultUnavailable } from '../domain/errors.ts';
import type { Logger } from '../ports/logger.ts';
import { LogThrottle } from './log-throttle.ts';

const RETRY_AFTER_MS = 1_000;
const KINDS_MAX = 64;

/**
 * Turns exceptions into the refusal `unavailable`, which tells the caller nothing else, and logs them for the operator.
 */
export class Failures {
  readonly #logger: Pick<Logger, 'error'>;
  readonly #counters: { failures: number };
  readonly #throttle = new LogThrottle(KINDS_MAX);

  constructor(logger: Pick<Logger, 'error'>, counters: { failures: number }) {
    this.#logger = logger;
    this.#counters = counters;
  }

  /** @param fields that identify the request in the log */
  refusalFor(error: unknown, fields: object = {}): Refusal {
    this.#counters.failures++;
    const kind = describe(error);
    if (this.#throttle.take(JSON.stringify(kind))) {
      this.#logger.error({ ...kind, ...fields }, 'a request failed and was answered as unavailable');
    }
    return refuse('unavailable', { retryAfterMs: RETRY_AFTER_MS });
  }
}

/**
 * An outage's own message says what is down. A bug's message may quote what a caller sent, so only its place is kept.
 */
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
