import type { Connection } from './connection.ts';
import { MIGRATIONS } from './schema.ts';

const PROBLEMS_MAX = 20;

function ownTables(): readonly string[] {
  const sql = MIGRATIONS.map((migration) => migration.sql).join('\n');
  return ['schema_version', ...Array.from(sql.matchAll(/CREATE TABLE ([a-z_]+)/g), ([, name = '']) => name)];
}

/**
 * Each query gives one line for each object of the schema `sello` that Sello does not make and that can change what a
 * statement does: triggers, rules, row security, functions (the schema comes first in the search path), views, tables that
 * inherit, generated columns, defaults that compute.
 */
const CHECKS: readonly string[] = [
  `SELECT format('the trigger %s on the table %s is not Sello''s', tgname, c.relname)
    FROM pg_catalog.pg_trigger JOIN pg_catalog.pg_class c ON c.oid = tgrelid
    WHERE NOT tgisinternal AND c.relnamespace = to_regnamespace('sello')`,
  `SELECT format('the rule %s on the table %s is not Sello''s', r.rulename, c.relname)
    FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
    WHERE r.rulename <> '_RETURN' AND c.relnamespace = to_regnamespace('sello')`,
  `SELECT format('the table %s has row security, which is not Sello''s', relname)
    FROM pg_catalog.pg_class WHERE relnamespace = to_regnamespace('sello') AND (relrowsecurity OR relforcerowsecurity)`,
  `SELECT format('the function %s is not Sello''s', p.oid::regprocedure)
    FROM pg_catalog.pg_proc p WHERE p.pronamespace = to_regnamespace('sello')`,
  `SELECT format('the view or foreign table %s is not Sello''s', relname)
    FROM pg_catalog.pg_class WHERE relnamespace = to_regnamespace('sello') AND relkind IN ('v', 'm', 'f')`,
  `SELECT format('the table %s inherits from %s, which is not Sello''s doing', inhrelid::regclass, inhparent::regclass)
    FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class c ON c.oid = inhparent
    WHERE c.relnamespace = to_regnamespace('sello') AND c.relkind = 'r'`,
  `SELECT format('the column %s of the table %s computes its value, which is not Sello''s doing', a.attname, c.relname)
    FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = d.adrelid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE c.relnamespace = to_regnamespace('sello') AND (a.attgenerated <> ''
      OR (pg_get_expr(d.adbin, d.adrelid) LIKE '%(%' AND NOT (c.relname = 'journal' AND a.attname = 'xid')))`,
];

/** Tables that are not in this program's schema. Not looked for in a newer one, which may have more. */
const OTHER_TABLES = {
  name: 'foreign_tables',
  text: `SELECT format('the table %s is not Sello''s', relname) FROM pg_catalog.pg_class
    WHERE relnamespace = to_regnamespace('sello') AND relkind IN ('r', 'p') AND NOT relname = ANY($1::text[])
      AND (SELECT version FROM sello.schema_version) <= $2::int`,
};

/**
 * Lists what the schema `sello` holds that Sello did not make and that can change what is stored or read. Does NOT look at
 * event triggers, extensions and other schemas, which belong to the database's administrator.
 * @returns at most a few lines
 */
export async function foreignObjects(connection: Connection): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const check of CHECKS) {
    const { rows } = await connection.run(`${check} LIMIT ${PROBLEMS_MAX}`);
    for (const [problem] of rows) problems.push(String(problem));
  }
  const { rows } = await connection.run(OTHER_TABLES, [`{${ownTables().join(',')}}`, MIGRATIONS.length]);
  for (const [problem] of rows) problems.push(String(problem));
  return problems.slice(0, PROBLEMS_MAX);
}
