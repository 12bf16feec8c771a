/*
 * Goal: what is archived and pruned, and who is erased, leaves everything else as it was, on both stores.
 * Method: the real application decides, seals, archives, goes on, starts again; exports, proofs and chains of before and
 * after are compared. Files are damaged, and steps are cut off.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ArchiveFolder } from '../../../src/adapters/archive-folder/archive-folder.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { inclusionProof } from '../../../src/application/log/inclusion-proof.ts';
import { Retention } from '../../../src/application/retention/retention.ts';
import { eraseUser } from '../../../src/application/users/erase-user.ts';
import { type Application, openApplication, openAuditReader } from '../../../src/compose.ts';
import { loadConfig } from '../../../src/config.ts';
import { parseProofFile } from '../../../src/domain/log/proof-file.ts';
import { exportedEntries, exportJournal } from '../../../src/operator/audit/exported-journal.ts';
import { readPin } from '../../../src/operator/audit/pinned-checkpoint.ts';
import { verifyStoredJournal } from '../../../src/operator/audit/stored-journal.ts';
import { verifyExport } from '../../../src/operator/audit/verify-export.ts';
import { verifyStoredLog } from '../../../src/operator/audit/verify-stored-log.ts';
import { PASSWORD, registeredSession, temporaryFolder } from '../../services/application.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { sealerOn } from '../log/log-fixture.ts';

let postgres: Promise<PostgresServer> | undefined;
after(async () => (await postgres)?.stop());

interface Opened {
  readonly folder: string;
  application: Application;
  reopen(): Promise<Application>;
  seal(): Promise<number>;
  export(): Promise<string[]>;
  /** The tables that hold a row of the user, but for the journal and the list of erasures. */
  tablesOf(userId: number): Promise<string[]>;
  /** Everything that `sello audit verify` checks. */
  verify(): Promise<void>;
}

const STORES = ['SQLite', 'PostgreSQL'] as const;

async function opened(t: TestContext, store: (typeof STORES)[number]): Promise<Opened> {
  const folder = await temporaryFolder(t);
  postgres ??= store === 'PostgreSQL' ? PostgresServer.start() : undefined;
  const server = store === 'PostgreSQL' ? await postgres : undefined;
  const made = await server?.createDatabase();
  const url = made?.url;
  const flags = { '--data-dir': folder, ...(url === undefined ? {} : { '--store-url': url }) };
  const { config } = loadConfig({ flags });
  const open = () => openApplication(config, { maintenance: false });
  const self: Opened = {
    folder,
    application: await open(),
    async reopen() {
      await self.application.close();
      self.application = await open();
      return self.application;
    },
    async seal() {
      const { sealer } = sealerOn(self.application.store, self.application.vault);
      await sealer.seal();
      await sealer.stop();
      return self.application.store.log.sealedSize();
    },
    async export() {
      const journal = await openAuditReader(config);
      try {
        let text = '';
        for await (const lines of exportJournal(journal, undefined)) text += lines;
        return text.trimEnd().split('\n');
      } finally {
        await journal.close();
      }
    },
    async tablesOf(userId) {
      const { sqlite } = self.application;
      const ask = (sql: string) => {
        if (server) return server.query(sql, made?.name);
        const database = new DatabaseSync(sqlite?.path ?? '', { readOnly: true });
        try {
          return database.prepare(sql).all();
        } finally {
          database.close();
        }
      };
      const tables = await ask(
        server
          ? "SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'sello' AND column_name = 'user_id'"
          : "SELECT m.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table' AND c.name = 'user_id'",
      );
      const found: string[] = [];
      for (const { name } of tables) {
        const prefix = server ? 'sello.' : '';
        const rows = await ask(
          `SELECT count(*) AS count FROM ${prefix}${String(name)} WHERE user_id = ${userId}`,
        );
        if (Number(rows[0]?.count) > 0) found.push(String(name));
      }
      return found.filter((name) => name !== 'journal' && name !== 'erasures').sort();
    },
    async verify() {
      const journal = await openAuditReader(config);
      try {
        const verdict = await verifyStoredJournal(journal);
        assert.deepEqual([verdict.fault, verdict.rowFault], [undefined, undefined]);
        assert.deepEqual(await journal.verifyIntegrity(), []);
        assert.equal(await verifyStoredLog(journal.log, []), undefined);
      } finally {
        await journal.close();
      }
    },
  };
  t.after(() => self.application.close());
  return self;
}

async function* stream(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

/** Several users with entries that go on: `count` refused log-ins of each, which are cheap. */
async function live({ application }: Opened, names: readonly string[], count: number): Promise<void> {
  for (const name of names) {
    await registeredSession(application, name);
    const userId = (await application.store.findUser(name))?.userId ?? assert.fail();
    for (let each = 0; each < count; each++) await entryOf(application, userId);
  }
}

function entryOf({ context }: Application, userId: number): Promise<unknown> {
  return context.decider.submit({
    userId,
    decide: (user) => ({
      result: undefined,
      ...(user
        ? { draft: { type: 'session.ended', state: user.state, detail: { note: 'x'.repeat(200) } } }
        : {}),
    }),
  });
}

for (const store of STORES) {
  test(`${store}: archived entries are pruned, and exports, proofs, receipts and chains go on`, async (t) => {
    const self = await opened(t, store);
    const { application } = self;
    await live(self, ['alice', 'bob', 'carmen'], 250);
    const sealed = await self.seal();
    assert.ok(sealed > 700, `${sealed}`);
    const before = await self.export();
    const proof = await inclusionProof(application.store.log, 300);
    const outcome = await application.context.retention.archive({ before: Number.MAX_SAFE_INTEGER });
    assert.ok(outcome !== 'busy');
    assert.equal(outcome.pruned, sealed - (sealed % 256));
    assert.deepEqual(
      await application.store.retention.readRetention().then(({ pruned }) => pruned),
      outcome.pruned,
    );
    assert.equal(
      (await readdir(join(self.folder, 'archive'))).join(' '),
      `SHA256SUMS ${outcome.files[0]?.name}`,
    );
    // The file alone is the export of these entries, to anyone's gunzip.
    const file = gunzipSync(await readFile(join(self.folder, 'archive', outcome.files[0]?.name ?? '')));
    assert.deepEqual(file.toString().trimEnd().split('\n'), before.slice(0, outcome.pruned));

    assert.deepEqual(await self.export(), before, 'the export is the same');
    await self.verify();
    assert.equal(await inclusionProof(application.store.log, 300), proof);
    await self.reopen();
    const again = await registeredSessionOf(self.application, 'alice');
    assert.equal(again, true, 'she logs in');
    await live(self, ['dora'], 10);
    await self.seal();
    await self.verify();
    const pin = readPin('now', (await self.application.store.log.lastCheckpoint())?.note ?? '', undefined);
    assert.ok(!('en' in pin));
    const verdict = await verifyExport(exportedEntries(stream(await self.export())), [pin]);
    assert.deepEqual([verdict.fault, verdict.checkpointFault], [undefined, undefined]);
    const userId = (await self.application.store.findUser('alice'))?.userId ?? 0;
    const page = await self.application.store.readUserJournal(userId, { below: 20, limit: 5 });
    assert.deepEqual(
      page.map(({ version, body }) => [version, body !== '']),
      [19, 18, 17, 16, 15].map((v) => [v, true]),
    );
  });

  test(`${store}: an erased user leaves hashes alone, in the archive too, and their name is free`, async (t) => {
    const self = await opened(t, store);
    const { application } = self;
    await live(self, ['alice', 'bob'], 200);
    await self.seal();
    assert.ok((await application.context.retention.archive({ before: Number.MAX_SAFE_INTEGER })) !== 'busy');
    await live(self, ['carmen'], 3);
    const userId = (await application.store.findUser('alice'))?.userId ?? assert.fail();
    const proof = await inclusionProof(application.store.log, 299);
    assert.deepEqual(
      await self.tablesOf(userId),
      store === 'SQLite' ? ['sessions', 'users'] : ['sessions', 'usernames', 'users'],
    );
    const erased = await eraseUser(application.context, userId, { byId: 7 });
    assert.ok(!('refused' in erased));
    assert.equal(erased.entries, 203);
    assert.equal(await application.context.retention.eraseAll(), true);
    assert.deepEqual(
      (await application.store.retention.listErasures()).map(({ done, userId: id }) => [id, done]),
      [[userId, true]],
    );

    assert.deepEqual(await self.tablesOf(userId), []);
    await self.seal();
    await self.verify();
    const lines = await self.export();
    assert.equal(lines.filter((line) => line.includes('"body":null')).length, 203);
    assert.ok(!lines.some((line) => line.includes('alice')), 'no line names her');
    const said = lines.findLast((line) => line.includes('admin.user_erased')) ?? assert.fail();
    assert.match(
      said,
      new RegExp(`"detail":\\{"by_id":7,"entries":203,"erased":${userId},"last":"[0-9a-f]{64}",`),
    );
    const pin = readPin('now', (await application.store.log.lastCheckpoint())?.note ?? '', undefined);
    assert.ok(!('en' in pin));
    const verdict = await verifyExport(exportedEntries(stream(lines)), [pin]);
    assert.deepEqual([verdict.fault, verdict.checkpointFault], [undefined, undefined]);
    const proofLater = parseProofFile((await inclusionProof(application.store.log, 299)) ?? '');
    assert.equal(proofLater?.index, parseProofFile(proof ?? '')?.index);

    // Without the erasure's entry, or with another end, erased entries are not accepted.
    const without = lines.map((line) =>
      line === said ? line.replace('admin.user_erased', 'admin.user_erasee') : line,
    );
    assert.equal((await verifyExport(exportedEntries(stream(without)), [])).fault?.reason, 'hash_mismatch');
    const hidden = lines.map((line, index) =>
      index === 400 ? line.replace(/"body":\{.*\},"previous"/, '"body":null,"previous"') : line,
    );
    assert.notEqual((await verifyExport(exportedEntries(stream(hidden)), [pin])).fault, undefined);
    const cut = lines.slice(0, lines.indexOf(said));
    assert.equal((await verifyExport(exportedEntries(stream(cut)), [])).fault?.reason, 'erasure_unrecorded');

    // Nothing of hers is in the files.
    if (store === 'SQLite') {
      await self.application.close();
      const file = await readFile(self.application.sqlite?.path ?? '', 'latin1');
      assert.ok(!file.includes('"user":"alice"'), 'the database holds her name');
      await self.reopen();
    }
    const archived = await readdir(join(self.folder, 'archive'));
    for (const name of archived.filter((each) => each.endsWith('.gz'))) {
      const text = gunzipSync(await readFile(join(self.folder, 'archive', name))).toString();
      assert.ok(!text.includes('alice'), name);
    }
    await live(self, ['alice'], 2);
    await self.seal();
    await self.verify();
    assert.notEqual((await self.application.store.findUser('alice'))?.userId, userId);
  });
}

for (const store of STORES) {
  test(`${store}: of several that archive at once one does, and nothing is archived twice or lost`, async (t) => {
    const self = await opened(t, store);
    await live(self, ['alice', 'bob'], 300);
    await self.seal();
    const before = await self.export();
    const place = join(self.folder, 'archive');
    const all = Array.from(
      { length: 4 },
      () =>
        new Retention({
          ...{ store: self.application.store, archive: new ArchiveFolder(place), clock: systemClock },
          ...{ archiveAfterMs: 0, observe: () => undefined },
        }),
    );
    const outcomes = await Promise.all(all.map((each) => each.archive({ before: Number.MAX_SAFE_INTEGER })));
    const done = outcomes.filter((outcome) => outcome !== 'busy');
    assert.equal(done.length, 1, JSON.stringify(outcomes));
    assert.deepEqual(
      done[0]?.files.map(({ first, end }) => [first, end]),
      [[0, 512]],
    );
    assert.deepEqual(await self.export(), before);
    for (const each of all) await each.stop();
  });
}

async function registeredSessionOf({ services }: Application, username: string): Promise<boolean> {
  return !('refused' in (await services.logIn({ username, password: PASSWORD, address: '127.0.0.1' })));
}

test('a damaged file is refused before anything is pruned, and its entries are still in the database', async (t) => {
  const self = await opened(t, 'SQLite');
  const { store, context } = self.application;
  await live(self, ['alice'], 600);
  await self.seal();
  const before = await self.export();
  const outcome = await context.retention.archive({ before: Number.MAX_SAFE_INTEGER });
  assert.ok(outcome !== 'busy');
  const name = join(self.folder, 'archive', outcome.files[0]?.name ?? '');
  const bytes = await readFile(name);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(name, bytes);
  await assert.rejects(self.export(), /of the archive is damaged/);
  await rm(name);
  await self.reopen();
  await assert.rejects(self.export(), /was archived, and no file of the archive here has it/);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(name, bytes);
  await self.reopen();
  assert.deepEqual(await self.export(), before);
  assert.equal(store === self.application.store, false);
});

test('entries that are not old enough, or fill no tile, are left', async (t) => {
  const self = await opened(t, 'SQLite');
  const { retention } = self.application.context;
  await live(self, ['alice'], 100);
  await self.seal();
  assert.deepEqual(await retention.archive({ before: Number.MAX_SAFE_INTEGER }), { files: [], pruned: 0 });
  await live(self, ['bob'], 300);
  await self.seal();
  assert.deepEqual(await retention.archive({ before: 1 }), { files: [], pruned: 0 });
});

test('a user with a pending transaction is not erased, and nobody erases the system user', async (t) => {
  const self = await opened(t, 'SQLite');
  const { context } = self.application;
  assert.deepEqual(await eraseUser(context, 0), { refused: 'user_unknown' });
  assert.deepEqual(await eraseUser(context, 99), { refused: 'user_unknown' });
});
