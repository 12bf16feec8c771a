// Random changes of a database that a reader of it could be deceived by.
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Draw } from './export-mutations.ts';

/** What vault and configuration cover, what repeats another column for older versions, or what no decision hangs on (docs/security.md). */
export const NOT_COMPARED: ReadonlySet<string> = new Set([
  'mac_key',
  'seed',
  'wrapped',
  'claim_version',
  'used_at',
  'position',
]);

/** Tables that follow from the entries. */
export const SIDE_TABLES = [
  'users',
  'tokens',
  'passkeys',
  'sessions',
  'services',
  'service_keys',
  'webhooks',
  'webhook_secrets',
  'dataset_versions',
  'identities',
  'transactions',
] as const;

/** Of the journal: what hashes or the order of entries cover. */
const JOURNAL_COLUMNS = ['user_id', 'version', 'at', 'type', 'hash', 'body'] as const;

/** Changes one thing. @returns what, or undefined where it came to nothing */
export function mutateDatabase(database: DatabaseSync, draw: Draw): string | undefined {
  database.exec('PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON');
  return draw(2) === 0 ? mutateJournal(database, draw) : mutateRow(database, draw);
}

function mutateRow(database: DatabaseSync, draw: Draw): string | undefined {
  const table = SIDE_TABLES[draw(SIDE_TABLES.length)] ?? 'users';
  const columns = columnsOf(database, table).filter(({ name }) => !NOT_COMPARED.has(name));
  const row = rowOf(database, table, draw);
  if (!row) return undefined;
  const where = columns.map(({ name }) => `${name} IS ?`).join(' AND ');
  const key = columns.map(({ name }) => row[name] ?? null);
  if (draw(6) === 0) {
    database.prepare(`DELETE FROM ${table} WHERE ${where}`).run(...key);
    return `a row of ${table} deleted`;
  }
  const { name, type } = columns[draw(columns.length)] ?? { name: '', type: '' };
  const value = changed(row[name] ?? null, type, draw, name === 'disabled' || name === 'enabled');
  if (value === row[name]) return undefined;
  return attempt(() => database.prepare(`UPDATE ${table} SET ${name} = ? WHERE ${where}`).run(value, ...key))
    ? `${table}.${name} changed`
    : undefined;
}

function mutateJournal(database: DatabaseSync, draw: Draw): string | undefined {
  const row = rowOf(database, 'journal', draw);
  if (!row) return undefined;
  const { position } = row;
  const at = Number(position);
  switch (draw(4)) {
    case 0:
      database.prepare('DELETE FROM journal WHERE position = ?').run(at);
      return 'an entry deleted';
    case 1: {
      const other = Number(rowOf(database, 'journal', draw)?.position);
      if (other === at) return undefined;
      const columns = 'user_id, version, at, type, challenge, hash, state, body';
      database.exec(`
        CREATE TEMP TABLE swapped AS SELECT * FROM journal WHERE position IN (${at}, ${other});
        UPDATE journal SET (${columns}) = (SELECT ${columns} FROM swapped WHERE position = ${other}) WHERE position = ${at};
        UPDATE journal SET (${columns}) = (SELECT ${columns} FROM swapped WHERE position = ${at}) WHERE position = ${other};
        DROP TABLE swapped`);
      return 'two entries swapped';
    }
    default: {
      const name = JOURNAL_COLUMNS[draw(JOURNAL_COLUMNS.length)] ?? 'body';
      const value = changed(row[name] ?? null, name === 'body' || name === 'type' ? 'TEXT' : 'INTEGER', draw);
      if (value === row[name]) return undefined;
      database.prepare(`UPDATE journal SET ${name} = ? WHERE position = ?`).run(value, at);
      return `journal.${name} changed`;
    }
  }
}

function changed(value: SQLOutputValue, type: string, draw: Draw, isFlag = false): SQLOutputValue {
  if (isFlag) return 1 - Number(value);
  if (value instanceof Uint8Array) {
    const copy = Uint8Array.from(value);
    copy[draw(copy.length)] = draw(256);
    return Buffer.from(copy).equals(value) ? value : copy;
  }
  if (type === 'INTEGER') return Number(value) + 1 + draw(1_000);
  const text = String(value ?? '');
  const place = draw(text.length + 1);
  return text.slice(0, place) + String.fromCharCode(97 + draw(26)) + text.slice(place + draw(2));
}

function rowOf(
  database: DatabaseSync,
  table: string,
  draw: Draw,
): Record<string, SQLOutputValue> | undefined {
  const count = Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
  return count === 0
    ? undefined
    : database.prepare(`SELECT * FROM ${table} LIMIT 1 OFFSET ?`).get(draw(count));
}

export function columnsOf(database: DatabaseSync, table: string): { name: string; type: string }[] {
  return database
    .prepare('SELECT name, type FROM pragma_table_info(?)')
    .all(table)
    .map(({ name, type }) => ({ name: String(name), type: String(type) }));
}

/** A unique key may be taken. */
function attempt(change: () => unknown): boolean {
  try {
    change();
    return true;
  } catch {
    return false;
  }
}
