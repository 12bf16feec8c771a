import { StartRefused } from '../domain/errors.ts';
import { makeFolder } from '../operator/make-folder.ts';

/** Makes the data folder, mode 0700, where it is missing. @returns the folder when it was made @throws StartRefused */
export async function makeDataFolder(folder: string): Promise<string[]> {
  try {
    const { made } = await makeFolder(folder);
    return made.length === 0 ? [] : [folder];
  } catch (error) {
    throw new StartRefused(`data_dir: the folder ${(error as Error).message}: make it, or name another`);
  }
}
