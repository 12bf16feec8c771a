// Several real servers on one PostgreSQL, one vault process and one Redis, behind a real HAProxy.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haproxyConfiguration } from '../../src/cli/deploy/haproxy/configuration.ts';
import { httpAddress } from '../e2e/http-address.ts';
import { ServerProcess } from '../e2e/server-process.ts';
import { approvedTransactions } from './approved-transactions.ts';
import { freePort } from './free-port.ts';
import { HaproxyService } from './haproxy.ts';
import { PostgresServer } from './postgres.ts';
import { RedisService } from './redis.ts';
import { callerFlags, MANAGER, VaultProcess } from './vault.ts';

export interface ClusterOptions {
  /** Servers that HAProxy knows, and which of them are started. */
  readonly names: readonly string[];
  readonly started?: readonly string[];
  readonly flags?: Readonly<Record<string, string>>;
  /**
   * HAProxy's checks have time: for tests in which no server fails, and a busy machine must not make one look as if it did.
   */
  readonly patient?: boolean;
}

interface Ports {
  readonly tcp: number;
  readonly http: number;
}

/** Real servers on one PostgreSQL, one vault process and one Redis, behind a real HAProxy; all on free ports of loopback. */
export class Cluster {
  readonly folder: string;
  readonly postgres: PostgresServer;
  readonly vault: VaultProcess;
  readonly redis: RedisService;
  readonly haproxy: HaproxyService;
  /** Where clients go: HAProxy. */
  readonly tcpPort: number;
  readonly http: string;
  readonly servers = new Map<string, ServerProcess>();
  readonly #ports: ReadonlyMap<string, Ports>;
  readonly #flags: Readonly<Record<string, string>>;

  private constructor(parts: {
    readonly folder: string;
    readonly postgres: PostgresServer;
    readonly vault: VaultProcess;
    readonly redis: RedisService;
    readonly haproxy: HaproxyService;
    readonly front: Ports;
    readonly ports: ReadonlyMap<string, Ports>;
    readonly flags: Readonly<Record<string, string>>;
  }) {
    this.folder = parts.folder;
    this.postgres = parts.postgres;
    this.vault = parts.vault;
    this.redis = parts.redis;
    this.haproxy = parts.haproxy;
    this.tcpPort = parts.front.tcp;
    this.http = `http://127.0.0.1:${parts.front.http}`;
    this.#ports = parts.ports;
    this.#flags = parts.flags;
  }

  static async start({
    names,
    started = names,
    flags = {},
    patient = false,
  }: ClusterOptions): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), 'sello-cluster-'));
    const running: { remove(): Promise<void> }[] = [
      { remove: () => rm(folder, { recursive: true, force: true }) },
    ];
    try {
      const postgres = await PostgresServer.start();
      running.push(postgres);
      const [vault, redis] = await Promise.all([
        VaultProcess.start(join(folder, 'vault')),
        RedisService.start(),
      ]);
      running.push({ remove: () => vault.kill() }, redis);
      const { url } = await postgres.createDatabase();
      const ports = new Map<string, Ports>();
      for (const name of names) ports.set(name, { tcp: await freePort(), http: await freePort() });
      const front = { tcp: await freePort(), http: await freePort() };
      const haproxy = await HaproxyService.start(async (statsSocket) => {
        const configuration = haproxyConfiguration({
          servers: [...ports].map(([name, { tcp, http }]) => ({
            ...{ name, host: '127.0.0.1', tcpPort: tcp, httpPort: http },
          })),
          tls: 'off',
          tcpBind: `127.0.0.1:${front.tcp}`,
          httpBind: `127.0.0.1:${front.http}`,
          ...{ certificate: '', serverCa: '', serverName: undefined, stick: false, statsSocket },
          ...{ metricsBind: undefined, connectionsMax: 500, container: true },
        });
        return patient
          ? configuration.replace(/timeout (connect|check) 200ms/g, 'timeout $1 30s')
          : configuration;
      });
      running.push(haproxy);
      const cluster = new Cluster({
        ...{ folder, postgres, vault, redis, haproxy, front, ports },
        flags: {
          ...callerFlags(vault, MANAGER),
          '--store-url': url,
          '--rate-limit-url': redis.url,
          '--proxy-trusted': '127.0.0.1',
          // All the customers are of one address here.
          '--rate-limits-log-ins-count-max': '1000000',
          '--rate-limits-registrations-count-max': '1000000',
          '--log-level': 'warn',
          ...flags,
        },
      });
      running.push({ remove: () => cluster.#killServers() });
      for (const name of started) await cluster.startServer(name);
      await haproxy.becomes(Object.fromEntries(started.map((name) => [name, 'UP'])));
      return cluster;
    } catch (error) {
      for (const each of running.reverse()) await each.remove();
      throw error;
    }
  }

  server(name: string): ServerProcess {
    const found = this.servers.get(name);
    if (!found) throw new Error(`there is no server ${name}`);
    return found;
  }

  /** Again on the same ports, where it was stopped. */
  async startServer(name: string, flags: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
    const server = await ServerProcess.start({
      folder: join(this.folder, name),
      flags: { ...this.flagsOf(name), ...flags },
    });
    await httpAddress(server);
    this.servers.set(name, server);
    return server;
  }

  /** Beside its data folder, what the server of that name is started with. */
  flagsOf(name: string): Readonly<Record<string, string>> {
    const ports = this.#ports.get(name);
    if (!ports) throw new Error(`HAProxy knows no ${name}`);
    return { ...this.#flags, '--tcp-port': `${ports.tcp}`, '--http-port': `${ports.http}` };
  }

  /** The server's own REST address, past HAProxy. */
  httpOf(name: string): string {
    return `http://127.0.0.1:${this.#ports.get(name)?.http}`;
  }

  /** Approved transactions in the journal: their ids by payee. */
  approved(): Promise<ReadonlyMap<string, readonly string[]>> {
    return approvedTransactions(this.folder, this.#flags['--store-url'] ?? '');
  }

  async remove(): Promise<void> {
    await this.#killServers();
    await this.haproxy.remove();
    await this.vault.kill();
    await this.redis.remove();
    await this.postgres.remove();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #killServers(): Promise<void> {
    await Promise.all(
      [...this.servers.values()].map((server) => {
        server.child.kill('SIGCONT');
        return server.kill();
      }),
    );
  }
}
