// The vault's process with its certificates, for tests: started, stopped, killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RemoteVaultLogger } from '../../src/adapters/vault-remote/options.ts';
import { makeVaultCertificates, pathsOf } from '../../src/cli/vault/certificates.ts';
import type { MutualTlsCredentials } from '../../src/net/tls.ts';
import { until } from '../waiting.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Who may manage keys, who may only use them, and who is known to the authority alone. */
export const MANAGER = 'api-1';
export const CALLER = 'api-2';
export const STRANGER = 'stranger';

/** A folder, gone with the process, of certificates made now: `ca`, `vault` (for 127.0.0.1 and localhost), and callers. */
export const VAULT_CERTIFICATES = await mkdtemp(join(tmpdir(), 'sello-vault-certificates-'));
process.once('exit', () => rmSync(VAULT_CERTIFICATES, { recursive: true, force: true }));
await makeVaultCertificates({
  folder: VAULT_CERTIFICATES,
  hosts: ['localhost', '127.0.0.1'],
  callers: [MANAGER, CALLER, STRANGER],
  days: 1,
  renew: false,
});

/** Flags of a server that is known to the vault's process by that name. */
export function callerFlags(
  vault: Pick<VaultProcess, 'url'>,
  name: string = MANAGER,
  folder: string = VAULT_CERTIFICATES,
): Record<string, string> {
  return {
    '--vault-url': vault.url,
    '--vault-ca-file': pathsOf(VAULT_CERTIFICATES, 'ca').cert,
    '--vault-cert-file': pathsOf(folder, name).cert,
    '--vault-key-file': pathsOf(folder, name).key,
  };
}

export async function callerCredentials(
  name: string = MANAGER,
  folder: string = VAULT_CERTIFICATES,
): Promise<MutualTlsCredentials> {
  const paths = pathsOf(folder, name);
  const [ca, cert, key] = await Promise.all(
    [pathsOf(VAULT_CERTIFICATES, 'ca').cert, paths.cert, paths.key].map((path) => readFile(path, 'utf8')),
  );
  return { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
}

export const SILENT: RemoteVaultLogger = { info() {}, error() {} };

/** The vault's process, `sello serve --role vault`, on a free port of loopback. */
export class VaultProcess {
  readonly folder: string;
  readonly flags: Readonly<Record<string, string>>;
  port = 0;
  stdout = '';
  stderr = '';
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, flags: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.flags = flags;
  }

  /** @param flags beside, or instead of, those that let `MANAGER` and `CALLER` in */
  static async start(folder: string, flags: Readonly<Record<string, string>> = {}): Promise<VaultProcess> {
    const vault = new VaultProcess(folder, flags);
    await vault.start();
    return vault;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Again on the same port, after it was killed or stopped. @throws with what it said when it ends instead */
  async start(): Promise<void> {
    const all: Record<string, string> = {
      '--role': 'vault',
      '--data-dir': this.folder,
      '--vault-port': String(this.port),
      '--vault-callers': CALLER,
      '--vault-key-managers': MANAGER,
      '--vault-tls-ca-file': pathsOf(VAULT_CERTIFICATES, 'ca').cert,
      '--vault-tls-cert-file': pathsOf(VAULT_CERTIFICATES, 'vault').cert,
      '--vault-tls-key-file': pathsOf(VAULT_CERTIFICATES, 'vault').key,
      ...this.flags,
    };
    this.stdout = '';
    const child = spawn(process.execPath, [MAIN, 'serve', ...Object.entries(all).flat()], {
      cwd: '/',
      env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    let running = true;
    this.#ended = new Promise((resolve) => child.once('close', resolve)).then(() => {
      running = false;
    });
    const said = () => `${this.stdout}${this.stderr}`;
    try {
      const port = await until(
        () => {
          if (!running) throw new Error(`the vault did not start: ${said()}`);
          return /VAULT\s+https:\/\/127\.0\.0\.1:(\d+)/.exec(this.stdout)?.[1];
        },
        { what: 'the vault listens', said },
      );
      this.port = Number(port);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGTERM');
    await this.#ended;
  }

  /** Waits until its log has said so. */
  async logged(pattern: RegExp): Promise<void> {
    await until(() => pattern.test(this.stderr), { what: `logged ${pattern}`, said: () => this.stderr });
  }
}

/** A running vault that is killed when the test ends. */
export async function runVault(
  t: { after(task: () => unknown): void },
  folder: string,
  flags: Readonly<Record<string, string>> = {},
): Promise<VaultProcess> {
  const vault = await VaultProcess.start(folder, flags);
  t.after(() => vault.kill());
  return vault;
}
