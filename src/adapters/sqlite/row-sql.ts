import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Columns } from '../sql/columns.ts';

/** The columns to select, each under its member's name. */
export function selectList<Row>(columns: Columns<Row>): string {
  return Object.entries(columns)
    .map(([member, column]) => (member === column ? column : `${column} AS "${member}"`))
    .join(', ');
}

export function insertInto<Row>(table: string, columns: Columns<Row>): string {
  const names = Object.values(columns);
  return `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
}

/** SQLite has no booleans. */
export function inputValues(values: readonly (string | number | boolean | null)[]): SQLInputValue[] {
  return values.map((value) => (typeof value === 'boolean' ? Number(value) : value));
}

/** Copies rows whose columns are named as `T`'s members. SQLite's own rows have no prototype; callers compare and print them. */
export function plainRows<T>(rows: readonly Readonly<Record<string, SQLOutputValue>>[]): T[] {
  return rows.map((row) => ({ ...row }) as T);
}

/** Prepares a statement that both engines share: its parameters are `$1` and so on. Rows are arrays. */
export function prepareShared(database: DatabaseSync, sql: string): StatementSync {
  return database.prepare(sql.replaceAll('$', '?'), { returnArrays: true });
}
