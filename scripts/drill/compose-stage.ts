import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { ComposeProject } from '../../test/services/compose-project.ts';
import { ContainerEngine } from '../../test/services/container-engine.ts';
import { makeImages } from '../../test/services/container-images.ts';
import { eventually } from '../../test/waiting.ts';
import { PASSWORD, type ServerAddress } from './customers.ts';
import type { DrillStage, Fault } from './fault.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WHOLE_TIME_MS = 120_000;
const NODES = ['postgres-a', 'postgres-b'] as const;
const APPROVED = `SELECT body FROM journal WHERE type = 'transaction.approved'`;

/** deploy/compose.yaml on a container engine; the customers go through the balancer, by TLS. */
export class ComposeStage implements DrillStage {
  readonly project: ComposeProject;
  readonly engine: ContainerEngine;
  readonly addresses: readonly ServerAddress[];
  readonly #folder: string;

  private constructor(engine: ContainerEngine, project: ComposeProject, folder: string, authority: string) {
    this.engine = engine;
    this.project = project;
    this.#folder = folder;
    const tls = { ca: authority, serverName: 'sello' };
    this.addresses = [{ tcpPort: project.tcpPort, http: `https://localhost:${project.httpsPort}`, tls }];
  }

  static async start(say: (line: string) => void): Promise<ComposeStage> {
    say('Starting a container engine …');
    const engine = await ContainerEngine.start();
    const folder = mkdtempSync(join(tmpdir(), 'sello-compose-'));
    try {
      say('Building the images …');
      await makeImages(engine, { root: ROOT, say: (line) => say(`  ${line}`) });
      say('docker compose up …');
      const project = await ComposeProject.write(engine, folder);
      await project.up();
      const authority = await project.authority();
      setDefaultCACertificates([...getCACertificates('default'), authority]);
      const stage = new ComposeStage(engine, project, folder, authority);
      await stage.whole();
      return stage;
    } catch (error) {
      await engine.stop();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async admit(usernames: readonly string[]): Promise<void> {
    for (const username of usernames) {
      const made = await this.project.exec(
        'sello-1',
        ['sello', 'user', 'create', username, '--password-stdin'],
        PASSWORD,
      );
      if (made.code !== 0) throw new Error(made.output);
    }
  }

  async primary(): Promise<string> {
    return eventually(
      async () => {
        for (const node of NODES) {
          const asked = await this.#psql(node, 'SELECT pg_is_in_recovery()');
          if (asked.code === 0 && asked.stdout.trim() === 'f') return node;
        }
        throw new Error('no node takes writes');
      },
      { what: 'a primary', timeMs: WHOLE_TIME_MS, everyMs: 100 },
    );
  }

  async standby(): Promise<string> {
    const primary = await this.primary();
    return NODES.find((node) => node !== primary) ?? '';
  }

  /** Ends a container as the loss of its host does: its name and address are gone, and no policy starts it again. */
  async kill(service: string): Promise<void> {
    await this.engine.must(['kill', await this.project.container(service)]);
  }

  /** Ends a container's process, as the kernel does when memory is short: the engine starts it again. */
  async crash(service: string): Promise<void> {
    const id = await this.project.container(service);
    const pid = Number(await this.engine.must(['inspect', '--format', '{{.State.Pid}}', id]));
    process.kill(pid, 'SIGKILL');
  }

  async start(service: string): Promise<void> {
    await this.project.must(['start', service]);
    await this.whole();
  }

  /** Waits until every service is healthy, and one node is the primary with the other as its synchronous standby. */
  async whole(): Promise<void> {
    await this.project.healthy();
    await eventually(
      async () => {
        const { stdout } = await this.project.exec('postgres-monitor', [
          ...[
            'psql',
            '--no-psqlrc',
            '--tuples-only',
            '--no-align',
            '--dbname',
            'pg_auto_failover',
            '--command',
          ],
          'SELECT reportedstate, goalstate FROM pgautofailover.node ORDER BY 1',
        ]);
        const states = stdout.trim().replaceAll('\n', ', ');
        if (states === 'primary|primary, secondary|secondary') return;
        // A copy of a node begins with a checkpoint of the other.
        for (const node of NODES) await this.#psql(node, 'CHECKPOINT');
        throw new Error(`the nodes are ${states}`);
      },
      { what: 'primary and standby', timeMs: WHOLE_TIME_MS, everyMs: 500 },
    );
  }

  async approved(): Promise<ReadonlyMap<string, readonly string[]>> {
    const asked = await this.#psql(await this.primary(), `SET search_path = sello; ${APPROVED}`);
    if (asked.code !== 0) throw new Error(asked.output);
    const found = new Map<string, string[]>();
    for (const line of asked.stdout.split('\n').filter((text) => text.startsWith('{'))) {
      const { transaction } = JSON.parse(line) as { transaction: { id: string; payee: string } };
      found.set(transaction.payee, [...(found.get(transaction.payee) ?? []), transaction.id]);
    }
    return found;
  }

  #psql(node: string, sql: string) {
    return this.project.exec(node, [
      ...['psql', '--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--dbname', 'sello'],
      ...['--command', sql],
    ]);
  }

  async remove(): Promise<void> {
    await this.project.down();
    await this.engine.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Each container killed in turn. */
export const COMPOSE_FAULTS: readonly Fault<ComposeStage>[] = [
  {
    name: 'primary-killed',
    says: "the primary's container is killed and stays away",
    inject: async (stage) => {
      const node = await stage.primary();
      await stage.kill(node);
      return async () => {
        await stage.primary();
        await stage.start(node);
      };
    },
  },
  {
    name: 'standby-killed',
    says: "the synchronous standby's container is killed and stays away",
    inject: async (stage) => {
      const node = await stage.standby();
      await stage.kill(node);
      return () => stage.start(node);
    },
  },
  ...['postgres-monitor', 'redis', 'sello-1', 'sello-2'].map((service) => ({
    name: `${service}-killed`,
    says: `${service}'s container is killed and stays away`,
    inject: async (stage: ComposeStage) => {
      await stage.kill(service);
      return () => stage.start(service);
    },
  })),
  {
    name: 'sello-1-stopped',
    says: 'sello-1 gets SIGTERM in the middle of its work',
    inject: async (stage) => {
      await stage.project.must(['stop', 'sello-1']);
      const id = await stage.project.container('sello-1');
      const code = (await stage.engine.must(['inspect', '--format', '{{.State.ExitCode}}', id])).trim();
      if (code !== '0') throw new Error(`sello-1 ended with ${code}`);
      return () => stage.start('sello-1');
    },
  },
  ...['vault', 'balancer'].map((service) => ({
    name: `${service}-crashed`,
    says: `${service}'s process is killed; the engine starts its container again`,
    inject: async (stage: ComposeStage) => {
      await stage.crash(service);
      return () => stage.whole();
    },
  })),
];
