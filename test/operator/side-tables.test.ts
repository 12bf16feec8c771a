/*
 * Goal: a row of any table that does not follow from the entries is found, and named.
 * Method: the real server lives a life with every kind of row; then each column of each row is changed in a copy of its
 * database, each row is deleted, and rows are added, and the journal is verified after each.
 */
import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openSqliteReader } from '../../src/compose.ts';
import { canonicalJson } from '../../src/domain/encoding/canonical-json.ts';
import { chainHash, GENESIS_HASH } from '../../src/domain/journal/hash-chain.ts';
import { type StoreVerdict, verifyStoredJournal } from '../../src/operator/audit/stored-journal.ts';
import { temporaryFolder } from '../services/application.ts';
import { auditedLife } from './audited-life.ts';
import { NOT_COMPARED, SIDE_TABLES } from './database-mutations.ts';

async function verify(path: string): Promise<StoreVerdict> {
  const reader = await openSqliteReader(path);
  try {
    return await verifyStoredJournal(reader);
  } finally {
    await reader.close();
  }
}

test('every column of every row, and each row, is found when it is changed or deleted', async (t) => {
  const fixture = await auditedLife(t);
  const path = join(await temporaryFolder(t), 'copy.sqlite');
  // Closed, so that the table has every decision.
  await fixture.application.close();
  await copyFile(fixture.application.sqlite?.path ?? assert.fail(), path);
  const whole = await verify(path);
  assert.deepEqual([whole.fault, whole.rowFault, whole.changedMeanwhile], [undefined, undefined, 0]);
  assert.ok(whole.rows > 20);

  const database = new DatabaseSync(path);
  database.exec('PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON');
  t.after(() => database.close());
  let changes = 0;
  const foundAfter = async (
    sql: string,
    undo: string,
    what: string,
    parameters: (string | number)[] = [],
  ) => {
    database.exec('SAVEPOINT change');
    const { changes: changed } = database.prepare(sql).run(...parameters);
    assert.ok(Number(changed) > 0, what);
    database.exec('RELEASE change');
    const { fault, rowFault } = await verify(path);
    assert.ok(fault === undefined && rowFault !== undefined, `${what} was not found`);
    database.exec(undo);
    changes++;
  };
  for (const table of SIDE_TABLES) {
    database.exec(`CREATE TEMP TABLE kept AS SELECT * FROM ${table}`);
    const undo = `DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM temp.kept`;
    const columns = database.prepare('SELECT name, type FROM pragma_table_info(?)').all(table);
    const count = Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
    assert.ok(count > 0, table);
    for (let row = 0; row < count; row++) {
      const only = `(SELECT key FROM (SELECT ${keyOf(table)} AS key FROM ${table} LIMIT 1 OFFSET ${row}))`;
      const where = `WHERE ${keyOf(table)} = ${only}`;
      // The columns of two rows, and every row.
      for (const { name, type } of row < 2 ? columns : []) {
        if (NOT_COMPARED.has(String(name))) continue;
        const value = type === 'INTEGER' ? `${name} + 1000000` : `${name} || 'x'`;
        const changed =
          name === 'disabled' || name === 'enabled'
            ? `1 - ${name}`
            : name === 'scopes' || name === 'types'
              ? '\'["x"]\''
              : value;
        await foundAfter(
          `UPDATE ${table} SET ${name} = ${changed} ${where}`,
          undo,
          `${table}.${name} of row ${row}`,
        );
      }
      await foundAfter(`DELETE FROM ${table} ${where}`, undo, `row ${row} of ${table}, deleted`);
    }
    database.exec('DROP TABLE temp.kept');
  }
  t.diagnostic(`${changes} changes`);
  assert.equal((await verify(path)).rowFault, undefined);
});

test('entries of earlier versions, which name no rows, contradict what they can', async (t) => {
  const fixture = await auditedLife(t);
  const path = join(await temporaryFolder(t), 'copy.sqlite');
  // Closed, so that the table has every decision.
  await fixture.application.close();
  await copyFile(fixture.application.sqlite?.path ?? assert.fail(), path);
  const database = new DatabaseSync(path);
  t.after(() => database.close());
  rewriteAsEarlierVersion(database);
  const whole = await verify(path);
  assert.deepEqual([whole.fault, whole.rowFault], [undefined, undefined]);
  const changes: readonly [change: string, expected: RegExp][] = [
    ["UPDATE users SET role = 'admin' WHERE username = 'alice'", /role is admin, and the entries say user/],
    ["UPDATE users SET disabled = 0 WHERE username = 'dora'", /not disabled, which the entries contradict/],
    ["UPDATE users SET username = 'emil' WHERE username LIKE '(removed%'", /name this user \(removed/],
    ["UPDATE tokens SET status = 'revoked' WHERE status = 'active' AND type = 'ocra'", /is revoked, and the/],
    [
      "UPDATE tokens SET status = 'active', activation_question = '' WHERE status = 'pending'",
      /is active, and/,
    ],
    ['DELETE FROM passkeys WHERE user_id > 0', /missing/],
    [
      "UPDATE transactions SET amount = '9.00' WHERE status = 'pending'",
      /not what its entry of request says/,
    ],
    ["UPDATE transactions SET status = 'refused' WHERE status = 'approved'", /how it ended/],
    ["UPDATE services SET disabled = 0 WHERE name = 'old-shop'", /not disabled/],
    ["UPDATE services SET scopes = '[\"users:read\"]' WHERE name = 'shop'", /scopes/],
    [
      "INSERT INTO sessions (user_id, session_id, created_at, expires_at) SELECT user_id, lower(hex(randomblob(32))), 9e12, 9e12 + 1 FROM users WHERE username = 'alice'",
      /no entry opened it/,
    ],
  ];
  for (const [change, expected] of changes) {
    const changed = join(await temporaryFolder(t), 'changed.sqlite');
    database.exec(`VACUUM INTO '${changed}'`);
    const other = new DatabaseSync(changed);
    assert.ok(Number(other.prepare(change).run().changes) > 0, change);
    other.close();
    assert.match((await verify(changed)).rowFault?.detail ?? '', expected, change);
  }
});

/** Takes what this version adds out of every body, and computes the hashes anew. */
function rewriteAsEarlierVersion(database: DatabaseSync): void {
  // Those that wrote no rows knew no webhooks.
  database.exec('DELETE FROM webhook_secrets; DELETE FROM webhooks');
  const hashes = new Map<number, string>();
  const update = database.prepare('UPDATE journal SET body = ?, hash = ? WHERE position = ?');
  for (const row of database.prepare('SELECT position, user_id, body FROM journal ORDER BY position').all()) {
    const userId = Number(row.user_id);
    const { detail = {}, ...rest } = JSON.parse(String(row.body));
    const { rows: _, salt: __, ...said } = detail;
    const body = canonicalJson(Object.keys(said).length === 0 ? rest : { ...rest, detail: said });
    const hash = chainHash(hashes.get(userId) ?? GENESIS_HASH, body);
    hashes.set(userId, hash);
    update.run(body, Buffer.from(hash, 'hex'), Number(row.position));
  }
}

function keyOf(table: string): string {
  const keys: Record<string, string> = {
    users: 'user_id',
    tokens: 'token_id',
    passkeys: 'credential_id',
    sessions: 'session_id',
    services: 'service_id',
    service_keys: 'hash',
    webhooks: 'webhook_id',
    webhook_secrets: 'secret_id',
    dataset_versions: 'version',
    identities: 'sign_key',
    transactions: 'transaction_id',
  };
  return keys[table] ?? assert.fail(table);
}
