// A real Apache Pulsar for tests and benchmarks: one broker with its storage, killed and started again on the same folders.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../waiting.ts';
import { freePort } from './free-port.ts';
import { PULSAR_TARBALL, pulsarTarball } from './pulsar-tarball.ts';

const START_TIME_MS = 120_000;
/** Heap and buffers are taken when needed; Pulsar's own setting takes 2 GB at the start. */
const MEMORY = '-Xms128m -Xmx512m -XX:MaxDirectMemorySize=512m';

export interface PulsarOptions {
  /** Lines of standalone.conf beside those that every broker here has. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Certificate and key (PEM files): it then also listens by TLS. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Callers then show a token of this key (32 bytes, HMAC). `superuser` is the role that may do everything. */
  readonly tokens?: {
    readonly secretKeyFile: string;
    readonly superuser: string;
    readonly superuserToken: string;
  };
}

/** Unpacks Apache Pulsar once into ~/.cache/sello. @returns its folder, or why it cannot be run here */
export async function pulsarFolder(): Promise<{ readonly folder: string } | { readonly problem: string }> {
  if (javaOf17() === undefined) return { problem: 'needs Java 17 (openjdk-17-jre-headless)' };
  const tarball = await pulsarTarball();
  if ('problem' in tarball) return tarball;
  const name = PULSAR_TARBALL.name.replace(
    /^pulsar-server-distribution-(.*)-bin\.tar\.gz$/,
    'apache-pulsar-$1',
  );
  const cache = join(homedir(), '.cache', 'sello');
  const folder = join(cache, name);
  if (existsSync(join(folder, 'lib'))) return { folder };
  const unpacked = mkdtempSync(join(cache, 'unpacking-'));
  try {
    const { status } = spawnSync('tar', ['xzf', join(tarball.folder, PULSAR_TARBALL.name), '-C', unpacked]);
    if (status !== 0) return { problem: `${PULSAR_TARBALL.name} cannot be unpacked` };
    // Moved at once, or not at all where another run was first.
    if (!existsSync(folder)) renameSync(join(unpacked, name), folder);
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
  return { folder };
}

function javaOf17(): string | undefined {
  return globSync('/usr/lib/jvm/java-17-openjdk-*/bin/java')[0];
}

export class PulsarBroker {
  /** Of the distribution: `bin`, `conf`, `lib`. */
  readonly distribution: string;
  readonly folder: string;
  readonly brokerPort: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly #options: PulsarOptions;
  #child: ChildProcess | undefined;

  private constructor(
    distribution: string,
    folder: string,
    ports: readonly number[],
    options: PulsarOptions,
  ) {
    this.distribution = distribution;
    this.folder = folder;
    [this.brokerPort = 0, this.httpPort = 0, this.httpsPort = 0] = ports;
    this.#options = options;
  }

  /** On free ports of loopback, its data in a folder of its own. Call `pulsarFolder` first to know whether it can run. */
  static async start(options: PulsarOptions = {}): Promise<PulsarBroker> {
    const found = await pulsarFolder();
    if ('problem' in found) throw new Error(found.problem);
    const folder = mkdtempSync(join(tmpdir(), 'sello-pulsar-'));
    const ports = [await freePort(), await freePort(), await freePort()];
    const broker = new PulsarBroker(found.folder, folder, ports, options);
    broker.#configure();
    try {
      await broker.restart();
    } catch (error) {
      await broker.remove();
      throw error;
    }
    return broker;
  }

  /** As `pulsar.service_url` takes it. */
  get url(): string {
    return this.#options.tls ? `https://127.0.0.1:${this.httpsPort}` : `http://127.0.0.1:${this.httpPort}`;
  }

  /** As Pulsar's own clients take it. */
  get binaryUrl(): string {
    return `pulsar://127.0.0.1:${this.brokerPort}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** A call of the admin API by plain HTTP. @throws where the answer is an error */
  async admin(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${this.httpPort}/admin/v2/${path}`, {
      method,
      headers: {
        ...this.#authorization(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`);
    return text === '' ? undefined : parsed(text);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }

  /** SIGSTOP: it takes connections and bytes, and answers nothing. */
  hang(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Starts it on its folders. Resolves when it takes messages. */
  async restart(): Promise<void> {
    const log = join(this.folder, 'log');
    mkdirSync(log, { recursive: true });
    const output = openSync(join(log, 'output.log'), 'a');
    const child = spawn(
      join(this.distribution, 'bin', 'pulsar'),
      [
        ...['standalone', '--config', join(this.folder, 'standalone.conf')],
        ...[
          '--metadata-dir',
          join(this.folder, 'metadata'),
          '--bookkeeper-dir',
          join(this.folder, 'bookkeeper'),
        ],
        ...['--no-functions-worker', '--no-stream-storage', '--advertised-address', '127.0.0.1'],
      ],
      {
        cwd: this.folder,
        env: {
          ...process.env,
          JAVA_HOME: join(javaOf17() ?? '', '..', '..'),
          PULSAR_MEM: MEMORY,
          PULSAR_GC: '-XX:+UseG1GC',
          PULSAR_GC_LOG: '-Xlog:gc=off',
          PULSAR_LOG_DIR: log,
          PULSAR_EXTRA_OPTS: '-Dpulsar.allocator.exit_on_oom=false',
        },
        stdio: ['ignore', output, output],
      },
    );
    closeSync(output);
    this.#child = child;
    let ended = false;
    child.once('close', () => {
      ended = true;
    });
    const isReady = async () => {
      if (ended) throw new Error(`Apache Pulsar ended:\n${this.#said()}`);
      try {
        await this.admin('GET', 'namespaces/public/default');
        return (await this.admin('GET', 'brokers/health')) === 'ok';
      } catch {
        return false;
      }
    };
    await until(isReady, {
      what: 'Pulsar is ready',
      timeMs: START_TIME_MS,
      everyMs: 100,
      said: () => this.#said(),
    });
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #configure(): void {
    const { settings, tls, tokens } = this.#options;
    const given: Record<string, string> = {
      bindAddress: '127.0.0.1',
      advertisedAddress: '127.0.0.1',
      brokerServicePort: `${this.brokerPort}`,
      webServicePort: `${this.httpPort}`,
      brokerDeduplicationEnabled: 'true',
      brokerDeleteInactiveTopicsEnabled: 'false',
      ...(tls
        ? {
            webServicePortTls: `${this.httpsPort}`,
            tlsCertificateFilePath: tls.certFile,
            tlsKeyFilePath: tls.keyFile,
          }
        : {}),
      ...(tokens
        ? {
            authenticationEnabled: 'true',
            // A standalone broker cannot start with a role that speaks for others (proxyRoles), which authorisation needs.
            authorizationEnabled: 'false',
            authenticationProviders: 'org.apache.pulsar.broker.authentication.AuthenticationProviderToken',
            superUserRoles: tokens.superuser,
            tokenSecretKey: `file://${tokens.secretKeyFile}`,
            brokerClientAuthenticationPlugin: 'org.apache.pulsar.client.impl.auth.AuthenticationToken',
            brokerClientAuthenticationParameters: `token:${tokens.superuserToken}`,
          }
        : {}),
      ...settings,
    };
    let text = readFileSync(join(this.distribution, 'conf', 'standalone.conf'), 'utf8');
    for (const [key, value] of Object.entries(given)) {
      const line = `${key}=${value}`;
      const place = new RegExp(`^${key}=.*$`, 'm');
      text = place.test(text) ? text.replace(place, () => line) : `${text}\n${line}\n`;
    }
    writeFileSync(join(this.folder, 'standalone.conf'), text, { mode: 0o600 });
  }

  #authorization(): Record<string, string> {
    const { tokens } = this.#options;
    return tokens ? { authorization: `Bearer ${tokens.superuserToken}` } : {};
  }

  #said(): string {
    return globSync(join(this.folder, 'log', '*.log'))
      .map((file) => readFileSync(file, 'utf8').slice(-3_000))
      .join('\n');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
