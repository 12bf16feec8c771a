import { existsSync } from 'node:fs';
import { ArchiveFolder } from '../adapters/archive-folder/archive-folder.ts';
import { openSqliteStore, type SqliteStore } from '../adapters/sqlite/store.ts';
import { readSecretFile } from '../config/secret-file.ts';
import type { Config } from '../config.ts';
import { StartRefused } from '../domain/errors.ts';
import type { JournalArchive } from '../ports/journal-archive.ts';
import type { Store } from '../ports/store.ts';
import { archivePath, isPostgres, storePath } from './paths.ts';

export interface OpenedStore {
  readonly store: Store;
  /** The same store when it is one SQLite file, which can be copied while in use. */
  readonly sqlite: SqliteStore | undefined;
  /** The files that old entries are archived to. */
  readonly archive: JournalArchive;
  /** What an operator knows it by, without secrets. */
  readonly name: string;
}

/** The part of pino's logger that a store uses. */
export interface StoreLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/**
 * Opens the store that `store_url` names. Adds the paths it makes to `generated`.
 * @throws StartRefused when the operator must fix something; the message says what
 */
export async function openStore(config: Config, generated: string[], log?: StoreLog): Promise<OpenedStore> {
  const archive = new ArchiveFolder(archivePath(config));
  if (isPostgres(config)) return openPostgres(config, archive, log);
  const path = storePath(config);
  if (!existsSync(path)) generated.push(path);
  const sqlite = await openSqliteStore({ path, bodies: archive });

  return { store: sqlite, sqlite, archive, name: path };
}

/** Imports the driver on demand. */
async function openPostgres(
  config: Config,
  archive: JournalArchive,
  log: StoreLog | undefined,
): Promise<OpenedStore> {
  const [{ openPostgresStore }, { addressText, readAddress }] = await Promise.all([
    import('../adapters/postgres/store.ts'),
    import('../adapters/postgres/address.ts'),
  ]);
  const url = storeUrl(config);
  const store = await openPostgresStore({
    url,
    connectionsMax: config.storeConnectionsMax,
    bodies: archive,
    ...(log ? { log } : {}),
  });
  return { store, sqlite: undefined, archive, name: addressText(readAddress(url)) };
}

/** `store_url` with the password that `store_password_file` holds. @throws StartRefused */
export function storeUrl(config: Config): string {
  const { storeUrl: url, storePasswordFile: file } = config;
  if (file === null) return url;
  const secret = readSecretFile(file);
  if ('problem' in secret) throw new StartRefused(`store_password_file: ${secret.problem}`);
  const named = /^(postgres(?:ql)?:\/\/)([^:@/?]+)@(.*)$/s.exec(url);
  if (!named) throw new StartRefused('store_password_file expected a store_url with a user and no password');
  return `${named[1]}${named[2]}:${encodeURIComponent(secret.text)}@${named[3]}`;
}

export interface MigratedStore {
  /** What an operator knows it by, without secrets. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** The role that was granted exactly a server's rights. Unset when the server connects as the owner. */
  readonly serverRole: string | undefined;
  /** Whether the migration is finished: servers of a version that knows no lanes are refused. */
  readonly finished: boolean;
  /** How Citus distributes the users' rows, when that was asked for. */
  readonly distributed:
    | { readonly shards: number; readonly nodes: number; readonly already: boolean }
    | undefined;
}

/**
 * Migrates the tables of `store_url` to this program's version while servers run, as the user of `store_owner_url`
 * when that is set.
 * @param finish makes lanes the order of the journal; no server of a version that knows none may run any more
 * @param distribute distributes the users' rows over the nodes of Citus; no server may run meanwhile
 * @throws StartRefused when the operator must fix something; the message says what
 */
export async function migrateStore(
  config: Config,
  { finish = false, distribute = false }: { readonly finish?: boolean; readonly distribute?: boolean } = {},
): Promise<MigratedStore> {
  if (!isPostgres(config)) {
    throw new StartRefused(
      'store_url: a SQLite file is brought up to date when its server starts; there is nothing to migrate',
    );
  }
  const [{ migrate }, { addressText, readAddress }] = await Promise.all([
    import('../adapters/postgres/migrate.ts'),
    import('../adapters/postgres/address.ts'),
  ]);
  const server = readAddress(storeUrl(config));
  const owner = config.storeOwnerUrl === null ? server : readAddress(config.storeOwnerUrl, 'store_owner_url');
  const { from, to, granted, byLanes, distributed } = await migrate(owner, server.user, undefined, {
    toLanes: finish,
    shards: distribute,
  });
  return { name: addressText(owner), from, to, serverRole: granted, finished: byLanes, distributed };
}
