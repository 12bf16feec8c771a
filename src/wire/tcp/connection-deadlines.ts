import type { Limits } from '../../limits.ts';

/** What the deadlines of a connection depend on besides time. */
export interface ConnectionStatus {
  readonly loggedIn: boolean;
  /** Messages under way. */
  readonly running: number;
  /** Since when the client has not read its answers: ms on the connection's clock. */
  readonly slowSince: number | undefined;
  readonly stopping: boolean;
  readonly closing: boolean;
}

/** Which deadline has passed. */
export type Overdue =
  /** The client has not closed its side after the last answer. */
  | 'linger'
  /** The client does not read its answers. */
  | 'slow_reader'
  /** Nobody logged in, or nothing came, in time. */
  | 'idle';

const STOPPED_LINGER_MS = 100;

/** The deadlines of one connection. All times are ms on the connection's clock. */
export class ConnectionDeadlines {
  readonly #limits: Limits;
  #activeAt: number;
  #anonymousSince: number;
  #lingeringSince: number | undefined;

  constructor(limits: Limits, now: number) {
    this.#limits = limits;
    this.#activeAt = this.#anonymousSince = now;
  }

  /** A message has started or was answered. */
  touch(now: number): void {
    this.#activeAt = now;
  }

  /** Somebody has logged in or out. */
  restartLogIn(now: number): void {
    this.#anonymousSince = now;
  }

  /** The last answer is with the client's side, which is to close now. */
  startLinger(now: number): void {
    this.#lingeringSince = now;
  }

  overdue(now: number, status: ConnectionStatus): Overdue | undefined {
    const { lingerTimeMs, slowReaderTimeMs, logInTimeMs, idleTimeMs } = this.#limits;
    if (this.#lingeringSince !== undefined) {
      const lingerMs = status.stopping ? Math.min(STOPPED_LINGER_MS, lingerTimeMs) : lingerTimeMs;
      return now - this.#lingeringSince >= lingerMs ? 'linger' : undefined;
    }
    if (now - (status.slowSince ?? now) >= slowReaderTimeMs) return 'slow_reader';
    if (status.closing) return undefined;
    if (!status.loggedIn && now - this.#anonymousSince >= logInTimeMs) return 'idle';
    return status.running === 0 && now - this.#activeAt >= idleTimeMs ? 'idle' : undefined;
  }
}
