import { constants, realpathSync } from 'node:fs';
import { copyFile, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { FolderRefused, type MadeFolder, makeFolder } from '../make-folder.ts';
import { exclusively, operation, parameters } from './operation.ts';

/**
 * Copies the database and the sealed keys, as of one moment, into a new or empty folder while traffic runs. Leaves
 * nothing when it fails or is cancelled. Does NOT verify the copy: that reads all of it and would slow the server.
 */
export const backup = operation(
  parameters({ folder: { type: 'string', pattern: '^/' } }),
  (target, { folder }, cancelled) =>
    exclusively(
      target,
      'backup',
      async (signal) => {
        const { sqlite, sealedFile } = target.application;
        if (!sqlite || !sealedFile) return refuse('backup_elsewhere');
        const place = await makeEmpty(folder, [dirname(sqlite.path), dirname(sealedFile)]);
        if (isRefusal(place)) return place;
        const files = { database: basename(sqlite.path), vault: basename(sealedFile) };
        try {
          await sqlite.backup(join(place.path, files.database), signal);
          // The file is only ever replaced as a whole, so a copy at any moment is complete.
          await copyFile(sealedFile, join(place.path, files.vault), constants.COPYFILE_EXCL);
          signal.throwIfAborted();
        } catch (error) {
          await clear(place, Object.values(files));
          throw error;
        }
        // A manifest is signed by a key that the copied file has.
        const [active] = await target.application.vault.publicKeys();
        return { folder, ...files, key_id: active?.jwk.kid ?? '' };
      },
      cancelled,
    ),
);

/** @param inUse folders of the server's own files, in which a copy is none */
async function makeEmpty(folder: string, inUse: readonly string[]): Promise<MadeFolder | Refusal> {
  try {
    const place = await makeFolder(folder);
    const isOwn = inUse.some((used) => isWithin(place.path, realpathSync(used)));
    if (isOwn) {
      await clear(place, []);
      return refuse('backup_folder_invalid', { detail: `${folder} is in the data folder` });
    }
    if ((await readdir(place.path)).length === 0) return place;
    return refuse('backup_folder_invalid', { detail: `${folder} is not empty` });
  } catch (error) {
    const reason = error instanceof FolderRefused ? error.message : `${folder}: ${(error as Error).message}`;
    return refuse('backup_folder_invalid', { detail: reason });
  }
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith('../');
}

async function clear({ path, made }: MadeFolder, files: readonly string[]): Promise<void> {
  for (const name of files) await rm(join(path, name), { force: true });
  for (const folder of made.toReversed()) await rmdir(folder).catch(() => undefined);
}
