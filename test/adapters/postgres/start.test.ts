/*
 * Goal: tables are created and migrated safely, the server's role can change nothing in the journal, and a start that
 * fails says what to do, without showing a password.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { readAddress } from '../../../src/adapters/postgres/address.ts';
import { checkVersion, migrate } from '../../../src/adapters/postgres/migrate.ts';
import { openPostgresReader } from '../../../src/adapters/postgres/reader.ts';
import { LANES_VERSION, MIGRATIONS, type Migration } from '../../../src/adapters/postgres/schema.ts';
import { migrateStore, storeUrl } from '../../../src/compose/store.ts';
import { loadConfig } from '../../../src/config.ts';
import { StartRefused } from '../../../src/domain/errors.ts';
import { Chain, registered } from '../../contract/chain.ts';
import { CERTIFICATES } from '../../services/certificates.ts';
import { PostgresServer, query } from '../../services/postgres.ts';
import { PostgresDatabase } from './database.ts';

const server = await PostgresServer.start({ fast: true });
after(() => server.remove());

async function withDatabase(body: (database: PostgresDatabase) => Promise<void>): Promise<void> {
  const database = await PostgresDatabase.create(server);
  try {
    await body(database);
  } finally {
    await database.dispose();
  }
}

/** A refusal to start whose message fits and holds no password. */
function refusal(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StartRefused, String(error));
    assert.match(error.message, pattern);
    assert.doesNotMatch(error.message, /secret-|throw-away|wrong-password/);
    return true;
  };
}

/** Tables of the version before the lanes, brought up to date. */
async function olderTables(database: PostgresDatabase): Promise<void> {
  await migrate(readAddress(database.url), undefined, MIGRATIONS.slice(0, LANES_VERSION - 2));
  await migrate(readAddress(database.url), undefined);
}

const NEXT: Migration = { sql: 'CREATE TABLE sello.of_tomorrow (id integer)' };

/** A role of its own for the server, beside the owner of the database. */
async function serverRole(
  database: PostgresDatabase,
): Promise<{ role: string; url: string; drop(): Promise<void> }> {
  const role = `${database.name}_server`;
  await server.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret-of-server'`);
  return {
    role,
    url: server.url(database.name, role, 'secret-of-server'),
    drop: async () => {
      await database.query(`DROP OWNED BY ${role}`);
      await server.query(`DROP ROLE ${role}`);
    },
  };
}

describe('PostgreSQL: migrations', () => {
  test('an empty database gets its tables at the first start, and keeps them', () =>
    withDatabase(async (database) => {
      const [chain] = await registered(await database.open(), 1);
      assert.ok(chain);
      assert.deepEqual(await (await database.open()).append([chain.next()]), ['appended']);
      const [row] = await database.query('SELECT version, compatible_from FROM sello.schema_version');
      assert.deepEqual(row, { version: MIGRATIONS.length, compatible_from: LANES_VERSION });
    }));

  test('what was planted in the schema stops the start, and the audit names it', () =>
    withDatabase(async (database) => {
      await (await database.open()).close();
      const body = "LANGUAGE plpgsql AS 'BEGIN RETURN new; END'";
      for (const [plant, remove, said] of [
        [
          `CREATE FUNCTION public.planted() RETURNS trigger ${body}; CREATE TRIGGER planted BEFORE INSERT ON sello.users FOR EACH ROW EXECUTE FUNCTION public.planted()`,
          'DROP TRIGGER planted ON sello.users',
          /the trigger planted on the table users/,
        ],
        [
          'CREATE RULE planted AS ON UPDATE TO sello.users DO ALSO NOTHING',
          'DROP RULE planted ON sello.users',
          /the rule planted/,
        ],
        [
          'ALTER TABLE sello.journal ENABLE ROW LEVEL SECURITY',
          'ALTER TABLE sello.journal DISABLE ROW LEVEL SECURITY',
          /the table journal has row security/,
        ],
        [
          "CREATE FUNCTION sello.encode(bytea, text) RETURNS text LANGUAGE sql AS 'SELECT ''0''::text'",
          'DROP FUNCTION sello.encode(bytea, text)',
          /the function .*encode/,
        ],
        [
          'CREATE VIEW sello.planted AS SELECT 1 AS one',
          'DROP VIEW sello.planted',
          /the view or foreign table planted/,
        ],
        ['CREATE TABLE sello.planted (id integer)', 'DROP TABLE sello.planted', /the table planted is not/],
        [
          'CREATE TABLE public.planted (LIKE sello.sessions) INHERITS (sello.sessions)',
          'DROP TABLE public.planted',
          /inherits from/,
        ],
        [
          "ALTER TABLE sello.users ALTER role SET DEFAULT lower('ADMIN')",
          'ALTER TABLE sello.users ALTER role DROP DEFAULT',
          /the column role of the table users computes/,
        ],
      ] as const) {
        await database.query(plant);
        await assert.rejects(database.open(), refusal(said), plant);
        const reader = await openPostgresReader(database.url);
        assert.match((await reader.verifyIntegrity()).join(), said);
        await reader.close();
        await database.query(remove);
      }
      await (await database.open()).close();
    }));

  test('of runners at the same time one makes the tables and the others find them', () =>
    withDatabase(async (database) => {
      const address = readAddress(database.url);
      const done = await Promise.all(Array.from({ length: 4 }, () => migrate(address, undefined)));
      assert.deepEqual(done.map(({ from }) => from).sort(), [
        0,
        ...Array.from({ length: 3 }, () => MIGRATIONS.length),
      ]);
      const stores = await Promise.all(Array.from({ length: 3 }, () => database.open()));
      assert.equal(stores.length, 3);
    }));

  test('servers that start at the same time on an empty database all start', () =>
    withDatabase(async (database) => {
      const stores = await Promise.all(Array.from({ length: 4 }, () => database.open()));
      for (const store of stores) await store.ping();
    }));

  test('a step that fails leaves the tables as they were', () =>
    withDatabase(async (database) => {
      const address = readAddress(database.url);
      await migrate(address, undefined);
      const broken: Migration[] = [
        ...MIGRATIONS,
        NEXT,
        { sql: 'CREATE TABLE sello.half (id integer); SELECT 1/0' },
      ];
      await assert.rejects(
        migrate(address, undefined, broken),
        refusal(/could not be migrated: division by zero/),
      );
      assert.deepEqual(await database.query('SELECT version FROM sello.schema_version'), [
        { version: MIGRATIONS.length + 1 },
      ]);
      assert.deepEqual(await database.query("SELECT to_regclass('sello.half') AS half"), [{ half: null }]);
    }));

  test('tables are migrated while a server works on them, and it continues', () =>
    withDatabase(async (database) => {
      const store = await database.open();
      const [chain] = await registered(store, 1);
      assert.ok(chain);
      let running = true;
      const work = (async () => {
        while (running) assert.deepEqual(await store.append([chain.next()]), ['appended']);
      })();
      await migrate(readAddress(database.url), undefined, [...MIGRATIONS, NEXT]);
      running = false;
      await work;
      // Expanded tables: a server of this version starts on them, and does not migrate them.
      await (await database.open()).ping();
      await assert.rejects(migrate(readAddress(database.url), undefined), refusal(/newer version of Sello/));
    }));

  test('tables of a newer version that this program cannot use are refused', () =>
    withDatabase(async (database) => {
      await migrate(readAddress(database.url), undefined, [...MIGRATIONS, { ...NEXT, breaking: true }]);
      await assert.rejects(database.open(), refusal(/newer version of Sello .*start that version/));
      await assert.rejects(openPostgresReader(database.url), refusal(/newer version of Sello/));
    }));

  test('tables of an older version are refused, with the command to run', () => {
    const older = { version: 1, compatibleFrom: 1 };
    const address = readAddress('postgres://sello:secret-x@db1/sello');
    assert.throws(
      () => checkVersion(older, address, 2),
      refusal(/older version of Sello \(1, .* needs 2\): run sello migrate/),
    );
    assert.throws(
      () => checkVersion({ version: 0, compatibleFrom: 0 }, address),
      refusal(/run sello migrate/),
    );
    checkVersion({ version: 3, compatibleFrom: 2 }, address, 2);
    assert.throws(
      () => checkVersion({ version: 3, compatibleFrom: 3 }, address, 2),
      refusal(/newer version/),
    );
  });
});

describe('PostgreSQL: two roles', () => {
  test('the server works, and can remove no entry, nor change its hash, its place or what it is about', () =>
    withDatabase(async (database) => {
      const { role, url, drop } = await serverRole(database);
      const migrated = await migrate(readAddress(database.url), role);
      assert.equal(migrated.granted, role);
      const warnings: object[] = [];
      const log = { info() {}, warn: (fields: object) => void warnings.push(fields) };
      const store = await database.open({ url, log });
      assert.deepEqual(warnings, [], 'nothing to warn of');
      const [a] = await registered(store, 1);
      assert.ok(a);
      await store.append([a.next()]);
      await store.prune({ idempotencyRecords: 9, sessions: 9, limit: 9 });
      assert.equal((await store.readJournal({ after: 0, limit: 9 })).length, 2);
      for (const table of ['journal', 'places']) {
        for (const act of [
          `DELETE FROM sello.${table}`,
          `TRUNCATE sello.${table}`,
          `UPDATE sello.${table} SET xid = xid`,
          ...(table === 'journal' ? ['hash', 'type', 'at', 'user_id', 'version', 'ordinal'] : []).map(
            (column) => `UPDATE sello.journal SET ${column} = ${column}`,
          ),
          `DROP TABLE sello.${table}`,
          `ALTER TABLE sello.${table} DISABLE TRIGGER ALL`,
        ]) {
          await assert.rejects(query(url, act), { code: '42501' }, act);
        }
      }
      for (const act of [
        'CREATE TABLE sello.own (id integer)',
        'UPDATE sello.schema_version SET version = 9',
        'DELETE FROM sello.services',
        'DELETE FROM sello.retention',
        'DELETE FROM sello.erasures',
      ]) {
        await assert.rejects(query(url, act), { code: '42501' }, act);
      }
      await store.close();
      await drop();
    }));

  test('a server whose user could change the journal says so', () =>
    withDatabase(async (database) => {
      const warnings: string[] = [];
      await database.open({ log: { info() {}, warn: (_, message) => void warnings.push(message) } });
      assert.match(warnings.join('\n'), /may change the journal: give store_owner_url/);
    }));

  test('a server on an empty database that may not make tables says what to run', () =>
    withDatabase(async (database) => {
      const { url, drop } = await serverRole(database);
      await assert.rejects(database.open({ url }), refusal(/no tables of Sello yet.*run sello migrate/));
      await drop();
    }));

  test('sello migrate makes the tables as the owner and gives the server its rights', () =>
    withDatabase(async (database) => {
      const { role, url, drop } = await serverRole(database);
      const { config } = loadConfig({ flags: { '--store-url': url, '--store-owner-url': database.url } });
      const first = await migrateStore(config);
      assert.deepEqual([first.from, first.to, first.serverRole], [0, MIGRATIONS.length, role]);
      assert.doesNotMatch(first.name, /secret/);
      assert.equal((await migrateStore(config)).from, MIGRATIONS.length);
      const store = await database.open({ url });
      await registered(store, 1);
      await store.close();
      await drop();
    }));

  test('the password may be in a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sello-secret-'));
    try {
      const file = join(folder, 'password');
      writeFileSync(file, 'p@ss/w:rd\n', { mode: 0o600 });
      const url = (given: string) =>
        storeUrl(loadConfig({ flags: { '--store-url': given, '--store-password-file': file } }).config);
      assert.equal(readAddress(url('postgres://sello@db1,db2:6543/s')).password, 'p@ss/w:rd');
      assert.throws(() => url('postgres://sello:secret-x@db1/s'), refusal(/a user and no password/));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('PostgreSQL: faults at a start', () => {
  const open = (url: string) => withDatabase(async (database) => void (await database.open({ url })));

  test('a wrong password, an unknown user, an unknown database', () =>
    withDatabase(async (database) => {
      const { name } = database;
      const url = (password: string, data = name, user = name) => server.url(data, user, password);
      await assert.rejects(
        open(url('wrong-password')),
        refusal(/127\.0\.0\.1:\d+: it does not accept the password/),
      );
      await assert.rejects(
        open(url('wrong-password', name, 'nobody')),
        refusal(/does not accept the password/),
      );
      await assert.rejects(open(server.url('no_such_database')), refusal(/it has no such database/));
      const without = database.url.replace(/:[^:@/]+@/, '@');
      await assert.rejects(open(without), refusal(/password/));
    }));

  test('nothing listens; no such host; no TLS where it is required', async () => {
    await assert.rejects(
      open('postgres://a:secret-b@127.0.0.1:1/c'),
      refusal(/127\.0\.0\.1:1: nobody listens there/),
    );
    await assert.rejects(
      open('postgres://a:secret-b@nowhere.invalid/c'),
      refusal(/nowhere\.invalid:5432: .*name/),
    );
    await withDatabase(async (database) => {
      await assert.rejects(
        database.open({ url: `${database.url}?sslmode=verify-full` }),
        refusal(/does not speak TLS/),
      );
    });
  });

  test('over TLS: whose certificate is not trusted gets no password', () =>
    withDatabase(async (database) => {
      const file = (name: string) => join(CERTIFICATES, `${name}.pem`);
      await server.useTls(file('first.cert'), file('first.key'));
      const url = (parameters: string) => `${database.url}?${parameters}`;
      await assert.rejects(
        open(url('sslmode=verify-full')),
        refusal(/no authority that is trusted: give sslrootcert/),
      );
      await assert.rejects(
        open(url(`sslmode=verify-full&sslrootcert=${file('second.cert')}`)),
        refusal(/no authority that is trusted/),
      );
      await assert.rejects(
        open(url(`sslmode=verify-full&sslrootcert=${file('none')}`)),
        refusal(/sslrootcert .* cannot be read/),
      );
      const named = url(`sslmode=verify-full&sslrootcert=${file('first.cert')}`);
      await assert.rejects(
        database.open({ url: named.replace('127.0.0.1', 'localhost') }),
        refusal(/of another name/),
      );
      const store = await database.open({ url: named });
      await registered(store, 1);
      const [row] = await database.query(
        'SELECT bool_and(ssl) AS ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = $1',
        [database.name],
      );
      assert.equal(row?.ssl, true);
      await (await database.open({ url: url('sslmode=require') })).ping();
      await (
        await database.open({
          url: url(`sslmode=verify-ca&sslrootcert=${file('first.cert')}`).replace('127.0.0.1', 'localhost'),
        })
      ).ping();
    }));

  test('a database of another encoding', async () => {
    await server.query("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    await assert.rejects(open(server.url('latin')), refusal(/has the encoding LATIN1: make it with UTF8/));
    await server.query('DROP DATABASE latin');
  });

  test('rows that were copied from another server before the migration was finished: the order of its journal would break', () =>
    withDatabase(async (database) => {
      await olderTables(database);
      const [chain] = await registered(await database.open(), 1);
      assert.ok(chain);
      const { entry } = chain.next();
      await database.query(
        `INSERT INTO sello.journal VALUES (${entry.userId}, 2, 0, 0, '999999999999'::xid8, 'x', null, decode('${entry.hash}', 'hex'), '{}', '{}')`,
      );
      await assert.rejects(database.open(), refusal(/copied from another server/));
    }));

  test('an invalid address is reported without its password', () => {
    const wrong: readonly (readonly [string, RegExp])[] = [
      ['postgres://sello:secret-x@h:5432:1/db', /HOST:PORT/],
      ['postgres://sello:secret-x@h:99999/db', /between 1 and 65535/],
      ['postgres://sello:secret-x@h/db?sslmode=maybe', /sslmode is one of/],
      ['postgres://sello:secret-x@h/db?pool=9', /a parameter is not known; known are host, sslmode/],
      // Unescaped characters of the password: none of what follows them is printed, or looked up as a host.
      ['postgres://sello:pass@secret-x@h/db', /write @ as %40/],
      ['postgres://sello:pass?secret-x@h/db', /write @ as %40/],
      ['postgres://sello:5432?secret-x@h/db', /write @ as %40/],
      ['postgres://sello:5432/secret-x@h/db', /write @ as %40/],
      ['postgres://sello:5432?secret-x/db', /a parameter is not known/],
      ['postgres://sello@secret-x secret/db', /HOST:PORT/],
      ['postgres://sello:secret-x@h', /no database is named/],
      ['postgres://h/db', /no user is named/],
      ['postgres://sello:secret-%zz@h/db', /hexadecimal/],
    ];
    for (const [url, pattern] of wrong) assert.throws(() => readAddress(url), refusal(pattern), url);
  });

  test('addresses: several hosts, a socket, an IPv6 address, TLS beyond this machine', () => {
    const several = readAddress('postgresql://u%40x:p%3Aw@h1,h2:5433,[::1]:5434/d?sslmode=disable');
    assert.deepEqual(several.hosts, [
      { host: 'h1', port: 5432 },
      { host: 'h2', port: 5433 },
      { host: '::1', port: 5434 },
    ]);
    assert.deepEqual([several.user, several.password, several.database], ['u@x', 'p:w', 'd']);
    assert.equal(several.tls, undefined);
    assert.equal(readAddress('postgres://u@127.0.0.1,localhost/d').tls, undefined);
    assert.deepEqual(readAddress('postgres://u@/d?host=/run/postgresql').hosts, [
      { host: '/run/postgresql', port: 5432 },
    ]);
    const remote = readAddress('postgres://u@db.example/d');
    const [host] = remote.hosts;
    assert.ok(host);
    assert.deepEqual(remote.tls?.(host), {
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      servername: 'db.example',
    });
  });

  test('an audit finds entries that were removed or put in behind its back', () =>
    withDatabase(async (database) => {
      const store = await database.open();
      const [a, b] = await registered(store, 2);
      assert.ok(a && b);
      await store.append([a.next()]);
      await store.append([b.next()]);
      await store.readJournal({ after: 0, limit: 9 });
      const reader = await openPostgresReader(database.url);
      assert.deepEqual(await reader.verifyIntegrity(), []);
      assert.deepEqual(
        (await reader.heads({ after: -1, limit: 9 })).map(({ userId, version }) => [userId, version]),
        [a, b].map(({ userId, version }) => [userId, version]),
      );
      await database.query(`DELETE FROM sello.journal WHERE user_id = ${b.userId} AND version = 2`);
      assert.match(
        (await reader.verifyIntegrity()).join('\n'),
        /0 entries where 1 were counted: positions 4 to 4/,
      );
      const { entry } = new Chain(b.userId).next();
      await database.query(
        `INSERT INTO sello.journal SELECT ${b.userId}, 2, 0, 0, null, 'x', null, decode('${entry.hash}', 'hex'), '{}', '{}', lane, 0 FROM sello.lanes WHERE lane > 0`,
      );
      assert.match((await reader.verifyIntegrity()).join('\n'), /was put into the past of the journal/);
      await reader.close();
    }));
});
