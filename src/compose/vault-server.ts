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

/** The vault as its own process: it has the keys and nothing else. */
export interface RunningVaultServer {
  readonly vault: KeyVault;
  /** The address it listens on. */
  readonly address: string;
  /** Paths of what this start made because it was missing. */
  readonly generated: readonly string[];
  /** The number of connections from authenticated callers. */
  readonly connections: number;
  /** Answers what was asked, then closes everything. */
  stop(): Promise<void>;
  /** Reads certificates again. @returns whether the new ones are in use */
  reloadTls(): Promise<boolean>;
}

/**
 * Opens the keys and listens for callers.
 * @throws StartRefused when the operator must fix something; the message says what, and nothing listens
 */
export async function startVaultServer(
  config: Config,
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): Promise<RunningVaultServer> {
  const credentials = () => vaultListenerCredentials(config);
  // Checked before keys are made, so that a start refused for its certificates leaves nothing behind.
  await credentials();
  const generated = await makeDataFolder(config.dataDir);
  // This process cannot see the stores. A passphrase file shows that there was a vault; and each server checks that
  // this vault opens the keys in its store (src/compose/vault.ts).
  const hadVault = async () => existsSync(passphrasePath(config));
  const { vault } = await openVault(config, { clock, hadVault, generated, log });
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
