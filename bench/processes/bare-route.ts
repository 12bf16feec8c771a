import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fastify from 'fastify';
import { openDatabase } from '../../src/adapters/sqlite/connection.ts';
import { JournalWriter } from '../../src/adapters/sqlite/journal-writer.ts';
import { migrate } from '../../src/adapters/sqlite/migrate.ts';
import { codeRoutes } from '../../src/wire/http/routes/codes.ts';
import { typeboxCompiler } from '../../src/wire/http/validation.ts';
import { answerRequests } from '../child.ts';
import { exampleEntry } from '../example-entry.ts';
import { UsageMeter } from '../usage.ts';

const meter = new UsageMeter();
let close: () => Promise<void> = async () => {};

/**
 * A route of the schema of code validations that answers a constant: what Fastify itself takes. With a folder, once a
 * row of the journal is committed for it, those of a turn of the event loop together: what durability itself takes.
 */
async function start({ folder }: { readonly folder?: string }): Promise<{ port: number }> {
  const app = fastify();
  app.setValidatorCompiler(typeboxCompiler as never);
  const [route] = codeRoutes;
  const committed = folder === undefined ? async () => {} : await openCommits(folder);
  app.post('/v1/codes/validation', { schema: { body: route?.body } }, async () => {
    await committed();
    return { valid: true };
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  close = async () => {
    await app.close();
  };
  const [address] = app.addresses() as AddressInfo[];
  return { port: address?.port ?? 0 };
}

async function openCommits(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder);
  const path = join(folder, 'bare.sqlite');
  const database = openDatabase(path);
  migrate(database, path);
  const writer = new JournalWriter(database);
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const entry = exampleEntry();
  let position = 0;
  let waiting: (() => void)[] = [];
  const commitAll = () => {
    const batch = waiting;
    waiting = [];
    begin.run();
    for (const _ of batch) {
      position++;
      writer.stage(entry, position, position - 1);
    }
    writer.flush();
    commit.run();
    for (const resolve of batch) resolve();
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(commitAll);
    });
}

answerRequests({ start, usage: async () => meter.read(undefined) }, () => close());
