import { DatabaseSync } from 'node:sqlite';
import { MIGRATIONS } from './schema.ts';

/** SQLite's own: indexes of keys, and the statistics of ANALYZE, which change plans and no result. */
const OWN_TO_SQLITE = /^sqlite_(autoindex_|stat[1-4]$)/;

interface SchemaObject {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/**
 * Lists what a database has besides the tables and indexes of its version of the schema, to the letter of their
 * definitions, or what it lacks of them: a trigger, a view, another table, a changed or generated column, another CHECK.
 * Whoever can write the file can plant a trigger that makes an administrator of the next user.
 * @param version of the schema
 *
 * Why: docs/DECISIONS.md#the-schema-is-compared-to-the-letter
 */
export function foreignObjects(database: DatabaseSync, version: number): string[] {
  const expected = new Map(expectedObjects(version).map((object) => [idOf(object), object]));
  const problems: string[] = [];
  for (const object of objectsOf(database)) {
    const own = expected.get(idOf(object));
    expected.delete(idOf(object));
    if (!own) problems.push(`the ${object.type} ${object.name} is not Sello's`);
    else if (own.sql !== object.sql)
      problems.push(`the ${object.type} ${object.name} is not as Sello makes it`);
  }
  for (const { type, name } of expected.values()) problems.push(`the ${type} ${name} is missing`);
  return problems;
}

/** What the migrations make of an empty file. */
function expectedObjects(version: number): readonly SchemaObject[] {
  const empty = new DatabaseSync(':memory:');
  try {
    for (const migration of MIGRATIONS.slice(0, version)) empty.exec(migration);
    return objectsOf(empty);
  } finally {
    empty.close();
  }
}

function objectsOf(database: DatabaseSync): readonly SchemaObject[] {
  return database
    .prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema')
    .all()
    .map(({ type, name, tbl_name: table, sql }) => ({
      type: String(type),
      name: String(name),
      sql: `${table} ${String(sql).replaceAll(/[\s"]+/g, ' ')}`,
    }))
    .filter(({ name }) => !OWN_TO_SQLITE.test(name));
}

function idOf({ type, name }: SchemaObject): string {
  return `${type} ${name}`;
}
