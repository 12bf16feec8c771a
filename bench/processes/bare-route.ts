import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { codeRoutes } from '../../src/wire/http/routes/codes.ts';
import { typeboxCompiler } from '../../src/wire/http/validation.ts';
import { openBareJournal } from '../fixtures/bare-journal.ts';
import { answerRequests } from './child.ts';
import { UsageMeter } from './usage.ts';

const meter = new UsageMeter();
let close: () => Promise<void> = async () => {};

/**
 * A route with the schema of code validations that answers a constant: the cost of Fastify alone. With a folder, it
 * answers after a journal row was committed, all rows of a turn of the event loop together: the cost of durability too.
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
  const journal = await openBareJournal(folder);
  let waiting: (() => void)[] = [];
  const commitAll = () => {
    const batch = waiting;
    waiting = [];
    journal.commit(batch.length);
    for (const resolve of batch) resolve();
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(commitAll);
    });
}

answerRequests({ start, usage: async () => meter.read(undefined) }, () => close());
