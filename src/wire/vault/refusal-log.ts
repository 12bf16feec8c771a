/** The part of a logger that the vault's process uses. */
export interface VaultLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const REPEAT_MS = 60_000;
const KINDS_MAX = 256;

/** One line a kind and minute: anyone can be refused as often as they like. */
export class RefusalLog {
  readonly #logger: VaultLogger;
  readonly #loggedAt = new Map<string, number>();

  constructor(logger: VaultLogger) {
    this.#logger = logger;
  }

  warn(message: string, fields: Readonly<Record<string, string | number>>): void {
    if (this.#isNew(message, fields)) this.#logger.warn(fields, message);
  }

  error(message: string, fields: Readonly<Record<string, string | number>>): void {
    if (this.#isNew(message, fields)) this.#logger.error(fields, message);
  }

  #isNew(message: string, { reason = '', caller = '' }: Readonly<Record<string, string | number>>): boolean {
    const kind = `${message}\n${reason}\n${caller}`;
    const now = performance.now();
    const last = this.#loggedAt.get(kind);
    if (last !== undefined && now - last < REPEAT_MS) return false;
    if (this.#loggedAt.size >= KINDS_MAX) this.#loggedAt.clear();
    this.#loggedAt.set(kind, now);
    return true;
  }
}
