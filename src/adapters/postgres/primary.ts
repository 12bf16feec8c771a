import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { addressText, type DatabaseAddress, type Host, hostText } from './address.ts';
import { Connection } from './connection.ts';
import { codeOf, reasonOf } from './errors.ts';
import { isSharded } from './shards.ts';
import type { StoreTimes } from './times.ts';

/** The part of pino's logger that is used here. */
export interface PostgresLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** A server that cannot be used, and why. */
export interface RefusedHost {
  readonly host: Host;
  readonly reason: string;
  /** Whether it takes writes but no more connections. */
  readonly full: boolean;
}

function sessionOf(statementMs: number): string {
  return `SET search_path = sello, pg_catalog; SET statement_timeout = ${statementMs}; SET lock_timeout = ${statementMs}; SET idle_in_transaction_session_timeout = ${LIMITS.storeIdleUnitTimeMs}; SET jit = off; SET client_min_messages = warning`;
}

/** Connects to a server that takes writes. The connection is ready for the store's statements. */
export async function connectTo(
  address: DatabaseAddress,
  host: Host,
  times: StoreTimes,
  onLost: (connection: Connection) => void = () => undefined,
): Promise<Connection | RefusedHost> {
  let connection: Connection | undefined;
  const refused = (reason: string, full = false): RefusedHost => {
    connection?.close();
    return { host, reason, full };
  };
  try {
    connection = await Connection.open(address, host, onLost, times);
    const { rows } = await connection.run(
      "SELECT pg_is_in_recovery(), current_setting('transaction_read_only'), current_setting('server_version_num')::int, current_setting('server_encoding'), current_setting('synchronous_commit')",
    );
    const [standby, readOnly, version, encoding, synchronous] = rows[0] ?? [];
    if (standby) return refused('it is a standby, which takes no writes');
    if (readOnly === 'on') return refused('it takes no writes: default_transaction_read_only is on');
    if (Number(version) < 150_000) return refused('it is older than PostgreSQL 15');
    if (encoding !== 'UTF8') return refused(`the database has the encoding ${encoding}: make it with UTF8`);
    // An answer is sent only when its decision is on disk, whatever the server's default is.
    const durable = synchronous === 'off' ? '; SET synchronous_commit = on' : '';
    await connection.run(sessionOf(times.statementMs) + durable);
    connection.sharded = await isSharded(connection);
    return connection;
  } catch (error) {
    return refused(reasonOf(error), codeOf(error) === '53300');
  }
}

/**
 * Asks all servers concurrently, each once; the first that takes writes wins.
 * @returns a connection, or why none of the servers can be used
 */
export async function connectToPrimary(
  address: DatabaseAddress,
  times: StoreTimes,
  onLost?: (connection: Connection) => void,
): Promise<Connection | readonly RefusedHost[]> {
  const refused: RefusedHost[] = [];
  return new Promise((resolve) => {
    let done = false;
    for (const host of address.hosts) {
      void connectTo(address, host, times, onLost).then((answer) => {
        if (answer instanceof Connection) {
          if (done) answer.close();
          else resolve(answer);
          done = true;
          return;
        }
        refused.push(answer);
        if (refused.length === address.hosts.length) resolve(refused);
      });
    }
  });
}

/**
 * Finds the server that takes writes, and remembers it. When that server is lost, it asks all servers concurrently until
 * one takes writes, and logs what it waits for.
 */
export class Primary {
  readonly #address: DatabaseAddress;
  readonly #times: StoreTimes;
  readonly #log: PostgresLog;
  readonly #onLost: (connection: Connection) => void;
  #host: Host | undefined;
  #search: Promise<Connection | undefined> | undefined;
  #lostAt: number | undefined;
  #reasons = '';
  #closed = false;

  constructor(
    address: DatabaseAddress,
    times: StoreTimes,
    log: PostgresLog,
    onLost: (connection: Connection) => void,
  ) {
    this.#address = address;
    this.#times = times;
    this.#log = log;
    this.#onLost = onLost;
  }

  /** Forgets the server. The next connection starts a search. */
  lose(reason: string): void {
    if (this.#host) {
      this.#log.warn(
        { host: hostText(this.#host), reason },
        'the database is lost: looking for the server that takes writes',
      );
    }
    this.#host = undefined;
    this.#lostAt ??= performance.now();
  }

  close(): void {
    this.#closed = true;
  }

  /** Asks each server once, with patience: a start happens once. @returns a connection, or why none of the servers can be used */
  async first(): Promise<Connection | readonly RefusedHost[]> {
    const times = { ...this.#times, connectMs: LIMITS.storeStartConnectTimeMs };
    const found = await connectToPrimary(this.#address, times, this.#onLost);
    if (found instanceof Connection) this.#host = found.host;
    return found;
  }

  /**
   * Connects to the server that takes writes, and searches for it where it is not known.
   * @returns `full` when the server takes no more connections
   * @throws StoreUnavailable when no server is found within `waitMs` of the loss; at once when that has passed already
   */
  async connect(): Promise<Connection | 'full'> {
    for (;;) {
      if (this.#closed) throw new StoreUnavailable('the store is closed');
      const host = this.#host;
      if (host) {
        const connection = await connectTo(this.#address, host, this.#times, this.#onLost);
        if (connection instanceof Connection) return connection;
        if (connection.full) return 'full';
        if (this.#host === host) this.lose(connection.reason);
      }
      const found = await this.#waitForSearch();
      if (found) return found;
    }
  }

  /** @returns the connection that the search found, to the first waiter only */
  async #waitForSearch(): Promise<Connection | undefined> {
    const search = this.#startSearch();
    const lostForMs = performance.now() - (this.#lostAt ?? performance.now());
    const over = new AbortController();
    const late = delay(Math.max(0, this.#times.waitMs - lostForMs), 'late' as const, {
      signal: over.signal,
    }).catch(() => 'late' as const);
    try {
      const found = await Promise.race([search.then(() => 'found' as const), late]);
      if (found === 'late')
        throw new StoreUnavailable(`the database cannot answer: ${this.#reasons || 'no server was found'}`);
    } finally {
      over.abort();
    }
    return this.#takeFound(search);
  }

  readonly #taken = new WeakSet<Promise<Connection | undefined>>();

  async #takeFound(search: Promise<Connection | undefined>): Promise<Connection | undefined> {
    if (this.#taken.has(search)) return undefined;
    this.#taken.add(search);
    const connection = await search;
    return connection && !connection.lost ? connection : undefined;
  }

  #startSearch(): Promise<Connection | undefined> {
    this.#lostAt ??= performance.now();
    this.#search ??= this.#searchOn().finally(() => {
      this.#search = undefined;
    });
    return this.#search;
  }

  /** Asks the hosts repeatedly and independently, so that one that hangs does not delay the others. */
  async #searchOn(): Promise<Connection | undefined> {
    const reasons = new Map<Host, string>();
    let found: Connection | undefined;
    let loggedAt = Number.NEGATIVE_INFINITY;
    const ask = async (host: Host) => {
      while (!found && !this.#closed) {
        const answer = await connectTo(this.#address, host, this.#times, this.#onLost);
        if (answer instanceof Connection) {
          if (found || this.#closed) answer.close();
          else found = answer;
          return;
        }
        reasons.set(host, answer.reason);
        this.#reasons = [...reasons].map(([each, reason]) => `${hostText(each)}: ${reason}`).join('; ');
        const now = performance.now();
        if (
          !found &&
          now - loggedAt >= LIMITS.storeWaitLogMs &&
          reasons.size === this.#address.hosts.length
        ) {
          loggedAt = now;
          this.#log.warn(
            { database: addressText(this.#address), reasons: this.#reasons },
            'waiting for a database server that takes writes',
          );
        }
        await delay(LIMITS.storeSearchPauseMs, undefined, { ref: false });
      }
    };
    // The first host that takes writes ends the search. Requests to the others end by themselves.
    await Promise.any(
      this.#address.hosts.map(async (host) => {
        await ask(host);
        if (!found) throw new Error('closed');
      }),
    ).catch(() => undefined);
    if (!found) return undefined;
    const now = performance.now();
    this.#host = found.host;
    const waitedMs = Math.round(now - (this.#lostAt ?? now));
    this.#lostAt = undefined;
    this.#log.info({ host: hostText(found.host), waited_ms: waitedMs }, 'the database answers again');
    return found;
  }
}

export function reasonsText(refused: readonly RefusedHost[]): string {
  return refused.map(({ host, reason }) => `${hostText(host)}: ${reason}`).join('; ');
}
