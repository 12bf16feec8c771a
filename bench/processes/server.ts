import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { RunningServer } from '../../src/compose.ts';
import { answerRequests } from './child.ts';
import { LagMeter } from './lag-meter.ts';
import { type ServerUsage, UsageMeter } from './usage.ts';

// Like src/main.ts: takes compiled code from the cache, so that the compiler stays out of memory.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/sello', import.meta.url)));
const { startServer } = await import('../../src/compose.ts');
const { createWebhook } = await import('../../src/application/webhooks/manage-webhooks.ts');
const { loadConfig } = await import('../../src/config.ts');

/** The server as `sello serve` starts it, in a process that also reports its resource usage. */

export interface ServerOptions {
  readonly folder: string;
  readonly flags?: Readonly<Record<string, string>>;
  /** Whether it seals the log. */
  readonly seals?: boolean;
  /** Addresses of endpoints that are made first. */
  readonly webhooks?: readonly string[];
}

let server: RunningServer | undefined;
let lag: LagMeter | undefined;
/** A limit as on the defaults, so that its cost is measured, and so high that no load reaches it. */
const VELOCITY = '{"window_ms":86400000,"amount_max":"999999999999999.00"}';

const meter = new UsageMeter();

const log = {
  debug() {},
  info() {},
  warn: (fields: object, message: string) => console.error(message, fields),
  error: (fields: object, message: string) => console.error(message, fields),
};

async function start({ folder, flags = {}, seals = true, webhooks = [] }: ServerOptions): Promise<number> {
  const { config } = loadConfig({
    flags: {
      '--data-dir': folder,
      '--tcp-port': '0',
      '--http-port': '0',
      // The whole load comes from one address.
      '--rate-limits-log-ins-count-max': '1000000000',
      '--policy-velocity': VELOCITY,
      ...flags,
    },
  });
  server = await startServer(config, log, seals ? {} : { seals: false });
  for (const url of webhooks) {
    const made = await createWebhook(server.application.context, { url, types: [] });
    if ('refused' in made) throw new Error(`no webhook to ${url}: ${made.refused}`);
  }
  lag = new LagMeter(server.application.store);
  meter.start();
  return server.tcp.address().port;
}

function usage(): ServerUsage {
  return meter.read(server?.application.context);
}

/** The figures of the log since the last call. */
function sealingLag() {
  return lag?.read();
}

answerRequests({ start, usage, lag: sealingLag }, () => server?.stop());
