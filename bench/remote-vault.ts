/*
 * What a vault of its own costs: the pipelined load of transactions by MAC, on the embedded vault and on a vault's
 * process over TLS on this machine, by turns; and how many MACs that process computes for a caller that does nothing
 * else. Run: node_modules/.bin/node bench/remote-vault.ts [--json]
 */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRemoteVault } from '../src/adapters/vault-remote/vault.ts';
import { makeVaultCertificates, pathsOf } from '../src/cli/vault-certificates.ts';
import { vaultCallerCredentials } from '../src/compose/vault-credentials.ts';
import { loadConfig } from '../src/config.ts';
import { Child } from './child.ts';
import { measure } from './loads.ts';
import type { Row } from './report.ts';
import { CONNECTIONS, SERVER_NODE_OPTIONS, WINDOW } from './sizes.ts';

const USERS = 2_000;
const TURNS = 2;
const TIMES = { warmUpMs: 800, measureMs: 2_500 };
const MACS_MS = 2_000;
const BATCHES = [1, 16, 256, 1_024] as const;
const CALLER = 'bench';

interface Turn {
  readonly embedded: Row;
  readonly remote: Row;
  /** Of the vault's process, for each transaction. */
  readonly vaultCpuMicros: number;
}

interface MacRate {
  readonly batch: number;
  readonly macsPerSecond: number;
}

const folder = await mkdtemp(join(tmpdir(), 'sello-bench-vault-'));
const children: Child[] = [];
const child = (module: string, nodeOptions: readonly string[] = []) => {
  const made = new Child(module, { nodeOptions });
  children.push(made);
  return made;
};
try {
  const report = await run();
  process.stdout.write(process.argv.includes('--json') ? `${JSON.stringify(report)}\n` : toText(report));
  if (report.turns.some(({ embedded, remote }) => embedded.failures + remote.failures > 0))
    process.exitCode = 1;
} finally {
  await Promise.all(children.map((each) => each.kill()));
  await rm(folder, { recursive: true, force: true });
}

async function run(): Promise<{ readonly turns: readonly Turn[]; readonly macs: readonly MacRate[] }> {
  const data = {
    embedded: join(folder, 'embedded'),
    remote: join(folder, 'remote'),
    vault: join(folder, 'vault'),
  };
  for (const path of Object.values(data)) await mkdir(path, { mode: 0o700 });
  const seed = child('seed');
  await seed.request('seed', { folder: data.embedded, users: USERS, tokens: 0, entries: 0 });
  await seed.end();
  // The same users and keys, the keys with the vault's process.
  await copyFile(join(data.embedded, 'sello.sqlite'), join(data.remote, 'sello.sqlite'));
  for (const name of ['sello.vault', 'vault.passphrase']) {
    await copyFile(join(data.embedded, name), join(data.vault, name));
  }
  const { vaultFlags, callerFlags } = await certificates(data.vault);
  const vault = child('vault', SERVER_NODE_OPTIONS);
  const url = `https://${await vault.request<string>('start', vaultFlags)}`;
  const macs = await macRates(url, callerFlags);

  const generator = child('generator');
  const embedded = child('server', SERVER_NODE_OPTIONS);
  const remote = child('server', SERVER_NODE_OPTIONS);
  const ports = {
    embedded: await embedded.request<number>('start', { folder: data.embedded }),
    remote: await remote.request<number>('start', {
      folder: data.remote,
      flags: { ...callerFlags, '--vault-url': url },
    }),
  };
  const load = { kind: 'pipelined', connections: CONNECTIONS, window: WINDOW, users: USERS } as const;
  const turns: Turn[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const one = await measure(
      { server: embedded, generator, port: ports.embedded },
      { name: 'embedded', title: 'embedded vault' },
      load,
      TIMES,
    );
    const before = await vault.request<number>('cpuMicros');
    const other = await measure(
      { server: remote, generator, port: ports.remote },
      { name: 'remote', title: 'vault process' },
      load,
      TIMES,
    );
    const used = (await vault.request<number>('cpuMicros')) - before;
    // The warm-up is in it, too.
    const share = TIMES.measureMs / (TIMES.measureMs + TIMES.warmUpMs);
    turns.push({ embedded: one, remote: other, vaultCpuMicros: (used * share) / other.operations });
  }
  return { turns, macs };
}

async function certificates(vaultFolder: string) {
  const out = join(folder, 'certificates');
  await makeVaultCertificates({
    ...{ folder: out, hosts: ['127.0.0.1'], callers: [CALLER], days: 1, renew: false },
  });
  const [ca, vault, caller] = ['ca', 'vault', CALLER].map((name) => pathsOf(out, name));
  return {
    vaultFlags: {
      ...{ '--role': 'vault', '--data-dir': vaultFolder, '--vault-port': '0', '--vault-callers': CALLER },
      '--vault-tls-ca-file': ca?.cert ?? '',
      '--vault-tls-cert-file': vault?.cert ?? '',
      '--vault-tls-key-file': vault?.key ?? '',
    },
    callerFlags: {
      '--vault-ca-file': ca?.cert ?? '',
      '--vault-cert-file': caller?.cert ?? '',
      '--vault-key-file': caller?.key ?? '',
    },
  };
}

async function macRates(url: string, flags: Record<string, string>): Promise<MacRate[]> {
  const { config } = loadConfig({ flags: { ...flags, '--vault-url': url } });
  const { vault } = await openRemoteVault({
    url,
    credentials: () => vaultCallerCredentials(config),
    log: { info() {}, error: console.error },
  });
  const owners = Array.from({ length: 1_024 }, (_, index) => ({
    owner: `mac/${index}`,
    key: Buffer.alloc(32, 7),
  }));
  const wrapped = await vault.wrap(owners);
  const message = Buffer.alloc(85, 9);
  const requests = owners.map(({ owner }, index) => {
    return { owner, wrapped: wrapped[index] ?? '', algorithm: 'sha256', message } as const;
  });
  const rates: MacRate[] = [];
  for (const batch of BATCHES) {
    const some = requests.slice(0, batch);
    await vault.computeMacs(some);
    const startedAt = performance.now();
    let computed = 0;
    while (performance.now() - startedAt < MACS_MS / BATCHES.length) {
      computed += (await vault.computeMacs(some)).length;
    }
    rates.push({ batch, macsPerSecond: (computed / (performance.now() - startedAt)) * 1_000 });
  }
  await vault.close();
  return rates;
}

function toText({ turns, macs }: Awaited<ReturnType<typeof run>>): string {
  const lines = turns.flatMap(({ embedded, remote, vaultCpuMicros }) => [
    `${line(embedded)}`,
    `${line(remote)}, ${vaultCpuMicros.toFixed(1)} µs of the vault's (${ratio(embedded, remote)} of the embedded)`,
  ]);
  const rates = macs.map(
    ({ batch, macsPerSecond }) => `${Math.round(macsPerSecond)} MACs/s, ${batch} a call, one call at a time`,
  );
  return `${[...lines, ...rates].join('\n')}\n`;
}

function line({ title, operationsPerSecond, latencyMs, serverCpuMicros, batch, failures }: Row): string {
  const cpu = `${serverCpuMicros.toFixed(1)} µs of the server's CPU each`;
  return `${title}: ${Math.round(operationsPerSecond)}/s, p50 ${latencyMs.p50.toFixed(1)} ms, p99 ${latencyMs.p99.toFixed(1)} ms, ${Math.round(batch)} a commit, ${failures} failed, ${cpu}`;
}

function ratio(embedded: Row, remote: Row): string {
  return (remote.operationsPerSecond / embedded.operationsPerSecond).toFixed(2);
}
