import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeFiles } from '../../src/cli/deploy/compose/files.ts';
import { eventually } from '../waiting.ts';
import { type ContainerEngine, type Ran, run } from './container-engine.ts';
import { freePort } from './free-port.ts';

const UP_TIME_MS = 300_000;

/** The files of `sello deploy compose` in a folder of their own, run by Debian's docker-compose on ports of loopback. */
export class ComposeProject {
  readonly folder: string;
  readonly tcpPort: number;
  readonly httpsPort: number;
  readonly #engine: ContainerEngine;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(
    engine: ContainerEngine,
    folder: string,
    ports: readonly [number, number],
    environment: NodeJS.ProcessEnv,
  ) {
    [this.tcpPort, this.httpsPort] = ports;
    this.folder = folder;
    this.#engine = engine;
    this.#environment = { ...engine.environment, COMPOSE_ANSI: 'never', ...environment };
  }

  /** Writes the files. `file`: which of them to run. */
  static async write(
    engine: ContainerEngine,
    folder: string,
    { file = 'compose.yaml', environment = {} }: { file?: string; environment?: NodeJS.ProcessEnv } = {},
  ): Promise<ComposeProject> {
    for (const { name, content } of composeFiles({ serverCount: 2, image: 'sello:latest' })) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const ports = [await freePort(), await freePort()] as const;
    return new ComposeProject(engine, folder, ports, {
      COMPOSE_FILE: file,
      SELLO_TCP_PORT: file === 'compose.yaml' ? `127.0.0.1:${ports[0]}` : `${ports[0]}`,
      SELLO_HTTPS_PORT: `127.0.0.1:${ports[1]}`,
      SELLO_HTTP_PORT: `${ports[1]}`,
      ...environment,
    });
  }

  compose(given: readonly string[], input?: string): Promise<Ran> {
    return run('/usr/bin/docker-compose', ['--ansi', 'never', ...given], {
      environment: this.#environment,
      folder: this.folder,
      input,
    });
  }

  /** @returns what it printed on stdout @throws Error with all that it printed, when it fails */
  async must(given: readonly string[], input?: string): Promise<string> {
    const ran = await this.compose(given, input);
    if (ran.code !== 0)
      throw new Error(`compose ${given.join(' ')}: ${ran.code}\n${ran.output.slice(-6_000)}`);
    return ran.stdout;
  }

  exec(service: string, given: readonly string[], input?: string): Promise<Ran> {
    return this.compose(['exec', '-T', service, ...given], input);
  }

  /** Starts all, and waits until each that has a check is healthy. */
  async up(...given: readonly string[]): Promise<void> {
    await this.must([...given, 'up', '--detach', '--no-build']);
    await this.healthy();
  }

  async healthy(): Promise<void> {
    const ids = (await this.must(['ps', '--quiet'])).split('\n').filter(Boolean);
    await eventually(
      async () => {
        const format =
          '{{.Name}} {{.State.Status}} {{if and .State.Running .State.Health}}{{.State.Health.Status}}{{end}}';
        const states = (await this.#engine.must(['inspect', '--format', format, ...ids])).trim().split('\n');
        const bad = states.filter((state) => /starting|unhealthy|created|restarting/.test(state));
        if (bad.length > 0) throw new Error(bad.join(', '));
      },
      { what: 'all are healthy', timeMs: UP_TIME_MS, everyMs: 250 },
    );
  }

  /** The id of a service's container. */
  async container(service: string): Promise<string> {
    return (await this.must(['ps', '--quiet', service])).trim();
  }

  /** The certificate authority that signed the balancer's certificate. */
  async authority(): Promise<string> {
    return this.must(['exec', '-T', 'balancer', 'cat', '/run/secrets/ca.pem']);
  }

  async down(): Promise<void> {
    await this.compose(['down', '--volumes', '--remove-orphans', '--timeout', '5']);
  }
}
