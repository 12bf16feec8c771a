import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { exclusively, operation, parameters } from './operation.ts';

/**
 * Copies the database and the sealed keys into a new or empty folder, as of one moment, while traffic runs.
 * What was copied is not verified here: that reads all of it, and would hold up the server.
 */
export const backup = operation(
  parameters({ folder: { type: 'string', pattern: '^/' } }),
  (operated, { folder }) =>
    exclusively(operated, 'backup', async () => {
      const refused = await makeEmpty(folder);
      if (refused) return refused;
      const { store, vault } = operated.application;
      const files = { database: basename(store.path), vault: basename(vault.path) };
      await store.backup(join(folder, files.database));
      // Replaced as a whole whenever it changes, so any moment's copy is whole.
      await copyFile(vault.path, join(folder, files.vault));
      return { folder, ...files };
    }),
);

async function makeEmpty(folder: string): Promise<Refusal | undefined> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await readdir(folder)).length === 0) return undefined;
    return refuse('message_invalid', { detail: `${folder} is not empty` });
  } catch (error) {
    return refuse('message_invalid', { detail: `${folder}: ${(error as Error).message}` });
  }
}
