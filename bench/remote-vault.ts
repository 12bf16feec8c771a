/*
 * Measures how many MACs a vault process computes for a caller that does nothing else, over TLS on this machine, beside
 * bare HMACs in the same run. To run it alone, with a server on it:
 * node_modules/.bin/node bench/remote-vault.ts [--quick]
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mac } from '../src/adapters/vault-keys/hmac.ts';
import { openRemoteVault } from '../src/adapters/vault-remote/vault.ts';
import { makeVaultCertificates, pathsOf } from '../src/cli/vault/certificates.ts';
import { vaultCallerCredentials } from '../src/compose/vault-credentials.ts';
import { loadConfig } from '../src/config.ts';
import type { KeyVault } from '../src/ports/key-vault.ts';
import type { Part } from './backends/backend.ts';
import { ownLimit, ownRate, ownRow } from './backends/in-process-load.ts';
import { runAlone } from './backends/run-alone.ts';
import type { Findings } from './report/findings.ts';
import { SERVER_NODE_OPTIONS } from './sizes.ts';

const BATCHES = [1, 16, 256, 1_024] as const;
const MESSAGE = Buffer.alloc(85, 9);
const KEY = Buffer.alloc(32, 7);
const CALLER = 'bench';

/** Starts a vault process with a sealed file and new certificates. */
export async function openVaultPart(findings: Findings): Promise<Part> {
  findings.options.onStep('vault: a process of its own');
  const folder = join(findings.options.folder, 'vault');
  await mkdir(folder, { mode: 0o700 });
  const { vaultFlags, callerFlags } = await certificates(folder);
  const child = findings.start('vault', SERVER_NODE_OPTIONS);
  const url = `https://${await child.request<string>('start', vaultFlags)}`;
  const flags = { ...callerFlags, '--vault-url': url };
  return {
    servers: [
      {
        name: 'vault_process',
        title: 'by MAC, pipelined, keys in a vault process (µs of both)',
        flags,
        besideCpuMicros: () => child.request<number>('cpuMicros'),
      },
    ],
    measure: async () => {
      findings.options.onStep('vault: MACs of its process');
      const { config } = loadConfig({ flags });
      const credentials = () => vaultCallerCredentials(config);
      const log = { info() {}, error: console.error };
      const { vault } = await openRemoteVault({ url, credentials, log });
      try {
        await measureMacs(findings, vault);
      } finally {
        await vault.close();
      }
    },
    close: () => findings.end(child),
  };
}

async function measureMacs(findings: Findings, vault: KeyVault): Promise<void> {
  const { ownMs } = findings.options.sizes.parts;
  const owners = Array.from({ length: Math.max(...BATCHES) }, (_, index) => `mac/${index}` as const);
  const wrapped = await vault.wrap(owners.map((owner) => ({ owner, key: KEY })));
  const requests = owners.map((owner, index) => {
    return { owner, wrapped: wrapped[index] ?? '', algorithm: 'sha256', message: MESSAGE } as const;
  });
  for (const batch of BATCHES) {
    const some = requests.slice(0, batch);
    await vault.computeMacs(some);
    const rate = await ownRate(ownMs, 1, async () => (await vault.computeMacs(some)).length);
    const title = `MACs of a vault process, ${batch} a call, one call at a time (µs of the caller)`;
    findings.rows.push(ownRow({ name: `vault_macs_${batch}`, title }, rate, batch));
  }
  const bare = await ownRate(ownMs, 1, async () => {
    for (let n = 0; n < 256; n++) mac('sha256', KEY, MESSAGE);
    return 256;
  });
  findings.addLimit(
    ownLimit({ name: 'vault_hmac', title: 'HMAC-SHA256 of that length in a bare loop, one core' }, bare),
    BATCHES.map((batch) => `vault_macs_${batch}`),
  );
}

async function certificates(vaultFolder: string) {
  const out = join(vaultFolder, 'certificates');
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

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await runAlone([openVaultPart]);
