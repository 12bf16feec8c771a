import type { SqliteStore } from '../adapters/sqlite/store.ts';
import { ownerOf } from '../application/keys/rotate-keys.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../ports/clock.ts';
import type { JournalArchive } from '../ports/journal-archive.ts';
import type { Logger } from '../ports/logger.ts';
import type { RateLimiter } from '../ports/rate-limiter.ts';
import type { Store } from '../ports/store.ts';
import { openRateLimiter } from './rate-limiter.ts';
import { openStore } from './store.ts';
import { type OpenedVault, openVault } from './vault.ts';

/** The adapters of one process that hold something open. */
export interface Parts {
  readonly store: Store;
  /** The store when it is one SQLite file. */
  readonly sqlite: SqliteStore | undefined;
  /** The files that old entries are archived to. */
  readonly archive: JournalArchive;
  readonly vault: OpenedVault;
  readonly rateLimiter: RateLimiter;
}

export interface PartsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Receives the paths of everything that is made because it was missing. */
  readonly generated: string[];
  readonly vaultMayWait: boolean;
}

/**
 * Opens store, vault and rate limiter, in this order: the lock of a SQLite file shows that no other server uses the
 * folder, and a vault is checked against the keys in the store. Closes what is open when a later one fails.
 * @throws StartRefused when the operator must fix something; the message says what
 */
export async function openParts(
  config: Config,
  { clock, log, generated, vaultMayWait }: PartsOptions,
): Promise<Parts> {
  const { store, sqlite, archive } = await openStore(config, generated, log);
  let vault: OpenedVault | undefined;
  try {
    const storedKey = async () => {
      const [key] = await store.listWrappedKeys({ after: undefined, limit: 1 });
      return key && { owner: ownerOf(key), wrapped: key.wrapped };
    };
    const hadVault = async () =>
      (await store.findVaultBinding()) !== undefined || (await storedKey()) !== undefined;
    vault = await openVault(config, {
      ...{ clock, hadVault, storedKey, store, generated, log },
      mayWait: vaultMayWait,
    });
    const rateLimiter = await openRateLimiter(config, { vault: vault.vault, clock, log });
    return { store, sqlite, archive, vault, rateLimiter };
  } catch (error) {
    await store.close();
    await vault?.vault.close();
    throw error;
  }
}

/** Closes every part, also when one fails to close. @throws the first failure, once all are closed */
export async function closeParts({ store, vault, rateLimiter }: Parts): Promise<void> {
  const closed: PromiseSettledResult<void>[] = [];
  for (const part of [store, vault.vault, rateLimiter]) {
    closed.push(...(await Promise.allSettled([part.close()])));
  }
  const failed = closed.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
