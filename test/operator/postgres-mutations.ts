// Random changes of a PostgreSQL database that a reader of it could be deceived by, each undone by a rollback.
import type { Connection } from '../../src/adapters/postgres/connection.ts';
import { NOT_COMPARED, SIDE_TABLES } from './database-mutations.ts';
import type { Draw } from './export-mutations.ts';

/** Of the journal: what hashes or the order of entries cover. */
const JOURNAL_COLUMNS: readonly string[] = ['user_id', 'version', 'at', 'type', 'hash', 'body'];

/** The tables with their columns and rows, read once. */
export class MutatedDatabase {
  readonly #connection: Connection;
  readonly #columns = new Map<string, readonly (readonly [name: string, type: string])[]>();
  readonly #rows = new Map<string, readonly string[]>();

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async of(connection: Connection): Promise<MutatedDatabase> {
    const database = new MutatedDatabase(connection);
    for (const table of [...SIDE_TABLES, 'journal']) {
      const columns = await connection.run(
        `SELECT column_name::text, data_type::text FROM information_schema.columns WHERE table_schema = 'sello' AND table_name = '${table}' ORDER BY 1`,
      );
      const isCompared = (name: string) =>
        table === 'journal' ? JOURNAL_COLUMNS.includes(name) : !NOT_COMPARED.has(name);
      database.#columns.set(
        table,
        columns.rows
          .map(([name, type]) => [String(name), String(type)] as const)
          .filter(([name]) => isCompared(name)),
      );
      const rows = await connection.run(`SELECT ctid::text FROM ${table} ORDER BY ctid`);
      database.#rows.set(
        table,
        rows.rows.map(([place]) => String(place)),
      );
    }
    return database;
  }

  /** Changes one thing, within the unit of work that is open. @returns what; undefined where it came to nothing */
  async mutate(draw: Draw): Promise<string | undefined> {
    const table = draw(2) === 0 ? 'journal' : (SIDE_TABLES[draw(SIDE_TABLES.length)] ?? 'users');
    const rows = this.#rows.get(table) ?? [];
    const columns = this.#columns.get(table) ?? [];
    const row = rows[draw(rows.length)];
    const [name, type] = columns[draw(columns.length)] ?? [];
    if (row === undefined || name === undefined || type === undefined) return undefined;
    const where = `WHERE ctid = '${row}'`;
    if (draw(6) === 0) {
      return (await this.#try(`DELETE FROM ${table} ${where}`)) ? `a row of ${table} deleted` : undefined;
    }
    if (table === 'journal' && draw(4) === 0) return this.#swap(draw);
    const value = changed(name, type, draw);
    const sql = `UPDATE ${table} SET ${name} = ${value} ${where} AND ${name} IS DISTINCT FROM ${value}`;
    return (await this.#try(sql)) ? `${table}.${name} changed` : undefined;
  }

  /** Two entries change places: each has the other's content. */
  async #swap(draw: Draw): Promise<string | undefined> {
    const rows = this.#rows.get('journal') ?? [];
    const [one, other] = [rows[draw(rows.length)], rows[draw(rows.length)]];
    if (one === other) return undefined;
    const columns = ['body', 'hash', 'type', 'at'];
    const sets = columns.map((name) => `${name} = b.${name}`).join(', ');
    const swapped = await this.#try(
      `UPDATE journal a SET ${sets} FROM journal b WHERE (a.ctid = '${one}' AND b.ctid = '${other}') OR (a.ctid = '${other}' AND b.ctid = '${one}')`,
    );
    return swapped ? 'two entries swapped' : undefined;
  }

  /** @returns false where the database refuses it, or nothing is changed by it */
  async #try(sql: string): Promise<boolean> {
    await this.#connection.run('SAVEPOINT change');
    try {
      return (await this.#connection.run(sql)).count > 0;
    } catch {
      await this.#connection.run('ROLLBACK TO SAVEPOINT change');
      return false;
    }
  }
}

function changed(name: string, type: string, draw: Draw): string {
  switch (type) {
    case 'boolean':
      return `NOT ${name}`;
    case 'bytea':
      return `set_byte(${name}, ${draw(32)}, (get_byte(${name}, ${draw(32)}) + 1) % 256)`;
    case 'bigint':
    case 'integer':
      return `${name} ${draw(2) === 0 ? '+' : '-'} ${1 + draw(1_000)}`;
    default: {
      const at = 1 + draw(60);
      const letter = String.fromCharCode(97 + draw(26));
      return draw(3) === 0
        ? `${name} || '${letter}'`
        : `overlay(${name} PLACING '${letter}' FROM ${at} FOR 1)`;
    }
  }
}
