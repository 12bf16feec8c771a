import pg from 'pg';
import type { DatabaseAddress, Host } from './address.ts';
import { CONNECTION_NAME } from './connection-name.ts';
import type { StoreTimes } from './times.ts';

/** A parameter of a statement. */
export type Value = string | number | boolean | Uint8Array | null | readonly (string | number)[];
/** A row; its columns are in the statement's order. */
export type Row = readonly unknown[];

/** A statement that each connection prepares once, under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** Where Citus distributes the users' tables, when `text` is refused or slow there. */
  readonly sharded?: string;
}

export interface Result {
  readonly rows: readonly Row[];
  /** Rows inserted, changed or deleted. */
  readonly count: number;
  readonly command: string;
}

const INT8 = 20;
const JSON_TYPE = 114;
const asIs = (text: string) => text;
const TYPES = new Map<number, (text: string) => unknown>([
  [INT8, Number],
  [21, Number],
  [23, Number],
  [16, (text) => text === 't'],
  [JSON_TYPE, (text) => JSON.parse(text) as unknown],
]);
const types = { getTypeParser: (oid: number) => TYPES.get(oid) ?? asIs } as pg.CustomTypesConfig;

/** One connection. It sends a statement without waiting for earlier answers (pg's `pipeline`). */
export class Connection {
  readonly host: Host;
  /** Whether Citus distributes the users' tables (shards.ts). */
  sharded = false;
  readonly #client: pg.Client;
  #lost = false;
  #warnings = 0;

  private constructor(host: Host, client: pg.Client) {
    this.host = host;
    this.#client = client;
  }

  /** @param onLost called once when the connection ends without `close` or `destroy` */
  static async open(
    address: DatabaseAddress,
    host: Host,
    onLost: (connection: Connection) => void,
    { connectMs, queryMs }: StoreTimes,
  ): Promise<Connection> {
    const client = new pg.Client({
      host: host.host,
      port: host.port,
      user: address.user,
      password: address.password ?? '',
      database: address.database,
      ssl: address.tls?.(host) ?? false,
      application_name: CONNECTION_NAME,
      connectionTimeoutMillis: connectMs,
      query_timeout: queryMs,
      keepAlive: true,
      pipeline: true,
      types,
    });
    const connection = new Connection(host, client);
    let open = false;
    const lost = () => {
      if (connection.#lost) return;
      connection.#lost = true;
      if (open) onLost(connection);
    };
    client.on('error', lost).on('end', lost);
    client.on('notice', () => {
      connection.#warnings++;
    });
    try {
      await client.connect();
    } catch (error) {
      // The driver leaves the connection open when the server asks for a password and there is none.
      connection.destroy();
      throw error;
    }
    open = true;
    return connection;
  }

  /** How many warnings the server has sent. */
  get warnings(): number {
    return this.#warnings;
  }

  /** Whether no unit of work is open on it. */
  get idle(): boolean {
    return this.#client.getTransactionStatus() === 'I';
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** Sends a statement. @throws errors of the server or the driver, which errors.ts classifies */
  async run(statement: Statement | string, values: readonly Value[] = []): Promise<Result> {
    const { rows, rowCount, command } = await this.#client.query({
      ...(typeof statement === 'string' ? { text: statement } : this.#textOf(statement)),
      values: values as unknown[],
      rowMode: 'array',
    });
    return { rows, count: rowCount ?? 0, command };
  }

  #textOf({ name, text, sharded = text }: Statement): { readonly name: string; readonly text: string } {
    return { name, text: this.sharded ? sharded : text };
  }

  /** Sends all statements at once, and waits for all answers. @throws the first error; later ones are its consequences */
  async pipeline(
    statements: readonly (readonly [Statement | string, (readonly Value[])?])[],
  ): Promise<Result[]> {
    const answers = await Promise.allSettled(
      statements.map(([statement, values]) => this.run(statement, values)),
    );
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) throw failed.reason;
    return answers.map((answer) => (answer as PromiseFulfilledResult<Result>).value);
  }

  /** Closes the connection without waiting for pending answers. */
  close(): void {
    this.#lost = true;
    // Not awaited: the driver waits for answers that a dead server never sends.
    void this.#client.end().catch(() => undefined);
  }

  /** Closes the socket at once. */
  destroy(): void {
    this.#lost = true;
    (this.#client.connection as unknown as { readonly stream: { destroy(): void } }).stream.destroy();
  }
}
