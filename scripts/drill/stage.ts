import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpAddress } from '../../test/e2e/http-address.ts';
import { ServerProcess } from '../../test/e2e/server-process.ts';
import { approvedTransactions } from '../../test/services/approved-transactions.ts';
import { FailoverPair } from '../../test/services/pg-auto-failover.ts';
import { callerFlags, MANAGER, VaultProcess } from '../../test/services/vault.ts';
import type { ServerAddress } from './customers.ts';
import type { DrillStage } from './fault.ts';

/** A server that keeps its ports across restarts. */
export class StageServer {
  readonly #flags: Readonly<Record<string, string>>;
  readonly #folder: string;
  process: ServerProcess;
  readonly address: ServerAddress;

  private constructor(
    folder: string,
    flags: Readonly<Record<string, string>>,
    process: ServerProcess,
    http: string,
  ) {
    this.#folder = folder;
    this.process = process;
    this.address = { tcpPort: process.port, http };
    this.#flags = { ...flags, '--tcp-port': `${process.port}`, '--http-port': new URL(http).port };
  }

  static async start(folder: string, flags: Readonly<Record<string, string>>): Promise<StageServer> {
    const process = await ServerProcess.start({ folder, flags });
    return new StageServer(folder, flags, process, await httpAddress(process));
  }

  async restart(): Promise<void> {
    await this.process.kill();
    this.process = await ServerProcess.start({ folder: this.#folder, flags: this.#flags });
  }
}

/** Two servers, a vault process and a pair of PostgreSQL nodes: all real, all on loopback. */
export class Stage implements DrillStage {
  readonly folder: string;
  readonly pair: FailoverPair;
  readonly vault: VaultProcess;
  readonly servers: readonly StageServer[];

  private constructor(
    folder: string,
    pair: FailoverPair,
    vault: VaultProcess,
    servers: readonly StageServer[],
  ) {
    this.folder = folder;
    this.pair = pair;
    this.vault = vault;
    this.servers = servers;
  }

  static async start(say: (line: string) => void): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'sello-drill-'));
    const started: { remove(): Promise<void> }[] = [];
    try {
      say('Starting two PostgreSQL nodes and their monitor …');
      const pair = await FailoverPair.start();
      started.push(pair);
      say('Starting the vault and two servers …');
      const vault = await VaultProcess.start(join(folder, 'vault'));
      started.push({ remove: () => vault.kill() });
      const servers: StageServer[] = [];
      for (const name of ['one', 'two']) {
        const server = await StageServer.start(join(folder, name), {
          ...callerFlags(vault, MANAGER),
          '--store-url': pair.url(),
          '--log-level': 'warn',
        });
        started.push({ remove: () => server.process.kill() });
        servers.push(server);
      }
      return new Stage(folder, pair, vault, servers);
    } catch (error) {
      for (const each of started.reverse()) await each.remove();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get addresses(): readonly ServerAddress[] {
    return this.servers.map(({ address }) => address);
  }

  approved(): Promise<ReadonlyMap<string, readonly string[]>> {
    return approvedTransactions(this.folder, this.pair.url());
  }

  async remove(): Promise<void> {
    await Promise.all(this.servers.map(({ process }) => process.kill()));
    await this.vault.kill();
    await this.pair.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
