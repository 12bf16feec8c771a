import type { Logger } from '../../ports/logger.ts';
import { LogThrottle } from '../log-throttle.ts';

const KINDS_MAX = 256;

type Fields = Readonly<Record<string, string | number>>;

/** Logs refusals, one line a minute for each message, reason and caller. */
export class RefusalLog {
  readonly #logger: Pick<Logger, 'warn' | 'error'>;
  readonly #throttle = new LogThrottle(KINDS_MAX);

  constructor(logger: Pick<Logger, 'warn' | 'error'>) {
    this.#logger = logger;
  }

  warn(message: string, fields: Fields): void {
    if (this.#isDue(message, fields)) this.#logger.warn(fields, message);
  }

  error(message: string, fields: Fields): void {
    if (this.#isDue(message, fields)) this.#logger.error(fields, message);
  }

  #isDue(message: string, { reason = '', caller = '' }: Fields): boolean {
    return this.#throttle.take(`${message}\n${reason}\n${caller}`);
  }
}
