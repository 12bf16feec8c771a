import { Worker } from 'node:worker_threads';
import type { RelayControl, RelayStatus } from '../../application/relay/relay.ts';
import type { SinkStatus } from '../../application/relay/sink-runner.ts';
import type { DisabledReason } from '../../application/webhooks/manage-webhooks.ts';
import type { Config } from '../../config.ts';
import { LIMITS } from '../../limits.ts';
import type { KeyVault } from '../../ports/key-vault.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store } from '../../ports/store.ts';
import { Calls } from './calls.ts';
import type { ServerFunctions, ThreadFunctions, ThreadSettings } from './functions.ts';

export interface RelayThreadParts {
  readonly config: Config;
  readonly store: Store;
  readonly vault: Pick<KeyVault, 'computeMacs'>;
  readonly log: Logger;
}

/** What only a server that runs has. */
export interface RelayThreadOptions {
  /** Whether webhooks are delivered too. */
  readonly webhooks: boolean;
  readonly disableWebhook: (webhookId: string, reason: DisabledReason) => Promise<void>;
}

interface Running {
  readonly worker: Worker;
  readonly calls: Calls<ThreadFunctions>;
}

/**
 * The relay in a thread of its own, so that no sink takes time from decisions. The thread starts where there is a sink to
 * run, and again when it failed.
 *
 * Why: docs/DECISIONS.md#sinks-run-in-a-thread-of-their-own
 */
export class RelayThread implements RelayControl {
  readonly #parts: RelayThreadParts;
  #options: RelayThreadOptions | undefined;
  #running: Running | undefined;
  #again: NodeJS.Timeout | undefined;
  #sinks: readonly SinkStatus[] = [];
  #stopping = false;

  constructor(parts: RelayThreadParts) {
    this.#parts = parts;
  }

  get sinks(): readonly SinkStatus[] {
    return this.#sinks;
  }

  /** @param sinks names of those that it will run at first */
  start(options: RelayThreadOptions, sinks: readonly string[]): void {
    if (this.#running || this.#stopping) return;
    this.#options = options;
    this.#sinks = sinks.map((sink) => ({
      ...{ sink, state: 'waiting' as const, next: 0, underWay: 0, acknowledged: 0 },
      ...{ problem: undefined, failures: 0 },
    }));
    this.#run();
  }

  /** For tests. */
  get worker(): Worker | undefined {
    return this.#running?.worker;
  }

  get isRunning(): boolean {
    return this.#options !== undefined;
  }

  webhooksChanged(): void {
    this.#running?.calls.tell('webhooksChanged');
  }

  async status(): Promise<RelayStatus> {
    if (this.#running) return this.#running.calls.call('status');
    return { size: await this.#parts.store.log.sealedSize(), sinks: [] };
  }

  async rewind(name: string, next: number): Promise<'unknown' | { readonly holder: string } | undefined> {
    return this.#running ? this.#running.calls.call('rewind', name, next) : 'unknown';
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#again);
    const running = this.#running;
    if (!running) return;
    const stopped = running.calls.call('stop').catch(() => undefined);
    const late = new Promise<void>((resolve) => setTimeout(resolve, LIMITS.relayThreadStopMs).unref());
    await Promise.race([stopped, late]);
    await running.worker.terminate();
  }

  #run(): void {
    const { config, log } = this.#parts;
    const options = this.#options;
    if (!options || this.#stopping) return;
    const workerData: ThreadSettings = { config, webhooks: options.webhooks };
    const worker = new Worker(new URL('./relay-worker.ts', import.meta.url), {
      workerData,
      name: 'relay',
      // Not the process's own flags: some are for the main thread only.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: LIMITS.relayThreadMemoryMiB },
    });
    const calls = new Calls<ThreadFunctions>(worker, this.#functions(options));
    const running = { worker, calls };
    this.#running = running;
    const ended = (error: Error) => {
      if (this.#running !== running) return;
      this.#running = undefined;
      calls.end(error);
      if (this.#stopping) return;
      log.error({ err: error }, 'the thread of the sinks has failed; it is started again');
      this.#again = setTimeout(() => this.#run(), LIMITS.relayThreadPauseMs).unref();
    };
    worker.on('error', ended);
    worker.on('exit', () => ended(new Error('the thread of the sinks has ended')));
    // It keeps no process alive: whoever serves stops it.
    worker.unref();
    calls.call('started').catch((error: Error) => {
      log.error({ err: error }, 'the sinks do not run');
    });
  }

  #functions({ disableWebhook }: RelayThreadOptions): ServerFunctions {
    const { store, vault, log } = this.#parts;
    const { leases, sinks } = store;
    return {
      takeLease: (request) => leases.take(request),
      renewLease: (lease, durationMs) => leases.renew(lease, durationMs),
      releaseLease: (lease) => leases.release(lease),
      findPosition: (sink) => sinks.find(sink),
      movePosition: (change) => sinks.move(change),
      keepSinks: (kept) => sinks.keep(kept),
      listWebhooks: () => store.listWebhooks(),
      readWebhookProgress: () => store.readWebhookProgress(),
      saveWebhookProgress: (changes, deliveriesMax) => store.saveWebhookProgress(changes, deliveriesMax),
      computeMacs: (requests) => vault.computeMacs(requests),
      disableWebhook,
      log: (level, fields, message) => log[level](fields, message),
      sinks: (statuses) => {
        this.#sinks = statuses;
      },
    };
  }
}
