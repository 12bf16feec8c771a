import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { StartRefused } from '../domain/errors.ts';

export function isPostgres(config: Config): boolean {
  return /^postgres(ql)?:/.test(config.storeUrl);
}

/**
 * The path of the SQLite database: `sqlite:` in the data folder, or `sqlite:PATH`.
 * @throws StartRefused for another engine
 */
export function storePath(config: Config): string {
  if (!config.storeUrl.startsWith('sqlite:')) {
    throw new StartRefused('store_url: this needs the SQLite file, give sqlite: or sqlite:PATH');
  }
  return pathOf(config, 'sqlite:', config.storeUrl, 'sello.sqlite');
}

/**
 * The path of the sealed file of keys: `file:` in the data folder, or `file:PATH`.
 * @throws StartRefused for another vault
 */
export function vaultPath(config: Config): string {
  if (!config.vaultUrl.startsWith('file:')) {
    throw new StartRefused('vault_url: this needs the sealed file, give file: or file:PATH');
  }
  return pathOf(config, 'file:', config.vaultUrl, 'sello.vault');
}

function pathOf(config: Config, scheme: string, url: string, name: string): string {
  const path = url.slice(scheme.length);
  return path === '' ? join(config.dataDir, name) : resolve(path);
}

/** The path of the last checkpoint of the log that this server has seen. */
export function checkpointPath(config: Config): string {
  return join(config.dataDir, 'log-checkpoint');
}

/** The folder of the files that old entries are archived to. */
export function archivePath(config: Config): string {
  return config.archive.folder ?? join(config.dataDir, 'archive');
}

/** The path of the passphrase that the first start generates. */
export function passphrasePath(config: Config): string {
  return join(config.dataDir, 'vault.passphrase');
}
