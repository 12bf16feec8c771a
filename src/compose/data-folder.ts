import { mkdir } from 'node:fs/promises';
import { StartRefused } from '../domain/errors.ts';

/** Makes the data folder, mode 0700, where it is missing. @returns the folder when it was made @throws StartRefused */
export async function makeDataFolder(folder: string): Promise<string[]> {
  try {
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    return made === undefined ? [] : [folder];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new StartRefused(
      `data_dir: the folder ${folder} cannot be made (${code}): make it, or name another`,
    );
  }
}
