import { existsSync } from 'node:fs';
import { systemClock } from '../adapters/system/clock.ts';
import type { Config } from '../config.ts';
import { LIMITS } from '../limits.ts';
import { formatHostAndPort } from '../net/host-and-port.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyVault } from '../ports/key-vault.ts';
import type { Logger } from '../ports/logger.ts';
import { startVaultListener } from '../wire/vault/server.ts';
import { makeDataFolder } from './data-folder.ts';
import { passphrasePath } from './paths.ts';
import { openVault } from './vault.ts';
import { vaultListenerCredentials } from './vault-credentials.ts';

/** The vault as a process of its own: it has the keys and nothing else. */
export interface RunningVaultServer {
  readonly vault: KeyVault;
  /** Where it listens. */
  readonly address: string;
  /** Paths of what was made at this start because it was not there. */
  readonly generated: readonly string[];
  /** Connections of callers who are known. */
  readonly connections: number;
  /** Answers what was asked, then closes everything. */
  stop(): Promise<void>;
  /** Reads certificates again. @returns whether the new ones are in use */
  reloadTls(): Promise<boolean>;
}

/** @throws StartRefused where an operator can mend what is wrong: nothing listens then */
export async function startVaultServer(
  config: Config,
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): Promise<RunningVaultServer> {
  const credentials = () => vaultListenerCredentials(config);
  // Before keys are made: a start that is refused for its certificates leaves nothing behind.
  await credentials();
  const generated = await makeDataFolder(config.dataDir);
  // It cannot see the stores. Where a passphrase is, there was a vault; and each server sees for itself that this one
  // opens what it has (src/compose/vault.ts).
  const keysAreStored = async () => existsSync(passphrasePath(config));
  const { vault } = await openVault(config, { clock, keysAreStored, generated, log });
  try {
    const listener = await startVaultListener({
      host: config.vaultHost,
      port: config.vaultPort,
      callers: config.vaultCallers,
      keyManagers: config.vaultKeyManagers,
      logger: log,
      credentials,
      vault,
      clock,
    });
    return {
      vault,
      address: formatHostAndPort(listener.address()),
      generated,
      get connections() {
        return listener.connections;
      },
      stop: async () => {
        await listener.stop(LIMITS.drainTimeMs);
        await vault.close();
      },
      reloadTls: () => listener.reloadTls(),
    };
  } catch (error) {
    await vault.close();
    throw error;
  }
}
