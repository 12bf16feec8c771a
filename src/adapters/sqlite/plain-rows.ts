import type { SQLOutputValue } from 'node:sqlite';

/** Rows whose columns are named as `T`'s members: SQLite's own have no prototype, and callers compare and print them. */
export function plainRows<T>(rows: readonly Readonly<Record<string, SQLOutputValue>>[]): T[] {
  return rows.map((row) => ({ ...row }) as T);
}
