import { type Refusal, refuse } from '../../domain/errors.ts';
import { ERRORS } from '../errors.ts';

/** The result of counting a refusal. */
export interface CountedRefusal {
  /** The refusal to answer: the given one, or another when a bound was crossed. */
  readonly refusal: Refusal;
  /** Whether the connection closes after the answer. */
  readonly close: boolean;
}

/**
 * Bounds the errors of one connection, and of its address over all connections. An OK answer takes one error back from
 * the connection, so that a connection that works for weeks is not closed for occasional errors.
 */
export class ErrorBudget {
  readonly #errorsMax: number;
  readonly #takeError: () => Promise<number>;
  #errors = 0;

  /** @param takeError counts one error of the address (`TcpServices.takeError`); must not reject */
  constructor(errorsMax: number, takeError: () => Promise<number>) {
    this.#errorsMax = errorsMax;
    this.#takeError = takeError;
  }

  /** Takes one error back from the connection. */
  forgive(): void {
    if (this.#errors > 0) this.#errors--;
  }

  async count(refusal: Refusal): Promise<CountedRefusal> {
    const { counts } = ERRORS[refusal.refused];
    if (counts === 'no') return { refusal, close: false };
    if (counts === 'input' && ++this.#errors > this.#errorsMax) {
      return { refusal: refuse('errors_too_many'), close: true };
    }
    const retryAfterMs = await this.#takeError();
    if (retryAfterMs > 0) return { refusal: refuse('rate_limited', { retryAfterMs }), close: true };
    return { refusal, close: refusal.refused === 'line_too_long' };
  }
}
