import { type Refusal, refuse } from '../../domain/errors.ts';
import { ERRORS } from '../errors.ts';

/** What a refusal becomes once it was counted, and whether the connection closes after it. */
export interface Counted {
  readonly refusal: Refusal;
  readonly close: boolean;
}

/**
 * How many errors one connection, and its address through all its connections, may make. An OK answer takes one back
 * from the connection: one that works for weeks is not closed for the odd error, one that sends rubbish is.
 */
export class ErrorBudget {
  readonly #errorsMax: number;
  readonly #takeError: () => Promise<number>;
  #errors = 0;

  /** `takeError` counts one error of the address (`TcpServices`), and never rejects. */
  constructor(errorsMax: number, takeError: () => Promise<number>) {
    this.#errorsMax = errorsMax;
    this.#takeError = takeError;
  }

  forgive(): void {
    if (this.#errors > 0) this.#errors--;
  }

  async count(refusal: Refusal): Promise<Counted> {
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
