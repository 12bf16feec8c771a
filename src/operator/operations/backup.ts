import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { exclusively, operation, parameters } from './operation.ts';

const ELSEWHERE =
  'this copies a SQLite file and a sealed file of keys; a PostgreSQL database and an HSM are backed up by their own tools: see docs/operations.md';

/**
 * Copies the database and the sealed keys, as of one moment, into a new or empty folder while traffic runs. Does NOT
 * verify the copy: that reads all of it and would slow the server.
 */
export const backup = operation(
  parameters({ folder: { type: 'string', pattern: '^/' } }),
  (target, { folder }) =>
    exclusively(target, 'backup', async () => {
      const { sqlite, sealedFile } = target.application;
      if (!sqlite || !sealedFile) return refuse('message_invalid', { detail: ELSEWHERE });
      const refused = await makeEmpty(folder);
      if (refused) return refused;
      const files = { database: basename(sqlite.path), vault: basename(sealedFile) };
      await sqlite.backup(join(folder, files.database));
      // The file is only ever replaced as a whole, so a copy at any moment is complete.
      await copyFile(sealedFile, join(folder, files.vault));
      // A manifest is signed by a key that the copied file has.
      const [active] = await target.application.vault.publicKeys();
      return { folder, ...files, key_id: active?.jwk.kid ?? '' };
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
