import { StartRefused, StoreUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { DatabaseAddress } from './address.ts';
import { Connection } from './connection.ts';
import { codeOf, isConnectionLost, isFromServer, reasonOf, storeError } from './errors.ts';
import { type PostgresLog, Primary, reasonsText } from './primary.ts';
import type { StoreTimes } from './times.ts';

interface Waiter {
  readonly resolve: (connection: Connection) => void;
  readonly reject: (error: unknown) => void;
}

/** Callers that wait for a connection, decisions before reads. Bounded in number and in time. */
class WaitQueue {
  readonly #waiters: { readonly decisions: Set<Waiter>; readonly reads: Set<Waiter> } = {
    decisions: new Set(),
    reads: new Set(),
  };

  get length(): number {
    return this.#waiters.decisions.size + this.#waiters.reads.size;
  }

  wait(kind: 'decisions' | 'reads'): Promise<Connection> {
    const full = () =>
      new StoreUnavailable(
        'the database cannot answer: every connection to it is in use (store_connections_max)',
      );
    if (this.length >= LIMITS.storeWaitersMax) return Promise.reject(full());
    return new Promise((resolve, reject) => {
      const queue = this.#waiters[kind];
      const waiter: Waiter = {
        resolve: (connection) => {
          clearTimeout(timer);
          queue.delete(waiter);
          resolve(connection);
        },
        reject: (error) => {
          clearTimeout(timer);
          queue.delete(waiter);
          reject(error);
        },
      };
      const timer = setTimeout(() => waiter.reject(full()), LIMITS.storeQueueTimeMs);
      queue.add(waiter);
    });
  }

  first(): Waiter | undefined {
    for (const queue of [this.#waiters.decisions, this.#waiters.reads])
      for (const waiter of queue) return waiter;
    return undefined;
  }
}

export interface PoolOptions {
  readonly connectionsMax: number;
  readonly times: StoreTimes;
  readonly log: PostgresLog;
  /** Called whenever the server may no longer be the one it was. */
  readonly onServerLost: () => void;
}

/**
 * A bounded number of connections to the server that takes writes, each used by one caller at a time.
 *
 * Why: docs/DECISIONS.md#one-lost-connection-makes-all-suspect
 */
export class Pool {
  readonly #max: number;
  readonly #times: StoreTimes;
  readonly #onServerLost: () => void;
  /** The server had no connection left; it is not asked for another until this time (performance.now, ms). */
  #fullUntil = 0;
  readonly #primary: Primary;
  readonly #waiting = new WaitQueue();
  #idle: Connection[] = [];
  readonly #used = new Set<Connection>();
  /** Connections that were in use when another one to the same server failed. They are not used again. */
  readonly #stale = new WeakSet<Connection>();
  #opening = 0;
  #closed = false;

  constructor(address: DatabaseAddress, { connectionsMax, times, log, onServerLost }: PoolOptions) {
    this.#max = connectionsMax;
    this.#times = times;
    this.#onServerLost = onServerLost;
    this.#primary = new Primary(address, times, log, (connection) => this.#onLost(connection));
  }

  /** Connects for the first time. @throws StartRefused with each server's reason */
  async start(): Promise<void> {
    const found = await this.#primary.first();
    if (!(found instanceof Connection)) {
      throw new StartRefused(`store_url: no database server takes decisions. ${reasonsText(found)}`);
    }
    this.#idle.push(found);
  }

  /** Runs a read, and retries it on another connection when its connection is lost. @throws StoreUnavailable */
  async read<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const until = performance.now() + this.#times.answerMs;
    for (;;) {
      try {
        return await this.use('reads', work);
      } catch (error) {
        if (error instanceof StoreUnavailable || !isOperating(error)) throw error;
        const again = isConnectionLost(error) && performance.now() < until;
        if (!again) throw storeError(error);
      }
    }
  }

  /** Runs `work` once. @throws the driver's error, or StoreUnavailable when there is no connection */
  async use<T>(kind: 'decisions' | 'reads', work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#take(kind);
    try {
      const result = await work(connection);
      this.#giveBack(connection);
      return result;
    } catch (error) {
      if (isOperating(error) && isConnectionLost(error)) this.#lose(connection, reasonOf(error));
      else this.#giveBack(connection);
      throw error;
    }
  }

  /** Open connections, and callers that wait for one. */
  get counts(): { readonly open: number; readonly waiting: number } {
    return { open: this.#idle.length + this.#used.size + this.#opening, waiting: this.#waiting.length };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#primary.close();
    for (;;) {
      const waiter = this.#waiting.first();
      if (!waiter) break;
      waiter.reject(new StoreUnavailable('the store is closed'));
    }
    for (const connection of this.#idle.splice(0)) connection.close();
    for (const connection of this.#used) connection.close();
  }

  async #take(kind: 'decisions' | 'reads'): Promise<Connection> {
    if (this.#closed) throw new StoreUnavailable('the store is closed');
    const idle = this.#idle.pop();
    if (idle) {
      this.#used.add(idle);
      return idle;
    }
    if (!this.#mayOpen) return this.#waiting.wait(kind);
    const opened = await this.#open();
    if (opened !== 'full') return opened;
    this.#fullUntil = performance.now() + LIMITS.storeFullPauseMs;
    // The open connections serve the queue.
    return this.#waiting.wait(kind);
  }

  async #open(): Promise<Connection | 'full'> {
    this.#opening++;
    try {
      const connection = await this.#primary.connect();
      if (connection === 'full') return 'full';
      if (this.#closed) {
        connection.close();
        throw new StoreUnavailable('the store is closed');
      }
      this.#used.add(connection);
      return connection;
    } finally {
      this.#opening--;
      this.#serveWaiting();
    }
  }

  get #mayOpen(): boolean {
    const count = this.#used.size + this.#opening;
    return count < this.#max && (count === 0 || performance.now() >= this.#fullUntil);
  }

  #giveBack(connection: Connection): void {
    this.#used.delete(connection);
    // A connection with an open unit of work would break its next user.
    if (connection.lost || this.#stale.has(connection) || !connection.idle) {
      connection.destroy();
      this.#serveWaiting();
      return;
    }
    if (this.#closed) {
      connection.close();
      return;
    }
    const waiter = this.#waiting.first();
    if (waiter) {
      this.#used.add(connection);
      waiter.resolve(connection);
    } else this.#idle.push(connection);
  }

  /** Opens a connection for the first waiter, when one more is allowed. */
  #serveWaiting(): void {
    const waiter = this.#waiting.first();
    if (!waiter || this.#closed || !this.#mayOpen) return;
    const hand = async () => {
      try {
        const connection = await this.#take('decisions');
        this.#used.delete(connection);
        this.#giveBack(connection);
      } catch (error) {
        this.#waiting.first()?.reject(error);
      }
    };
    void hand();
  }

  /** Discards a failed connection, and all others, since they lead to the same server. */
  #lose(connection: Connection, reason: string): void {
    this.#used.delete(connection);
    connection.destroy();
    if (!this.#stale.has(connection)) {
      this.#onServerLost();
      this.#primary.lose(reason);
      for (const used of this.#used) this.#stale.add(used);
      for (const idle of this.#idle.splice(0)) idle.destroy();
    }
    this.#serveWaiting();
  }

  #onLost(connection: Connection): void {
    this.#onServerLost();
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }
}

/** Whether the server or the network raised the error. Any other error is a bug in this program. */
function isOperating(error: unknown): boolean {
  if (isFromServer(error)) return true;
  return codeOf(error) !== '' || storeError(error) instanceof StoreUnavailable;
}
