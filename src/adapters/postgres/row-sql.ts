import type { Columns } from '../sql/columns.ts';
import type { Statement } from './connection.ts';

/** Inserts nothing where a key of the row is taken. */
export function insertInto<Row>(table: string, columns: Columns<Row>): Statement {
  const names = Object.values(columns);
  const marks = names.map((_, index) => `$${index + 1}`).join(', ');
  return {
    name: `${table}_insert`,
    text: `INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks}) ON CONFLICT DO NOTHING`,
  };
}

/** An expression for a row as a JSON object with the members' names, so that a list of rows is one value. */
export function jsonObject<Row>(columns: Columns<Row>): string {
  const pairs = Object.entries(columns).map(([member, column]) => `'${member}', ${column}`);
  return `json_build_object(${pairs.join(', ')})`;
}
