import { readFile, rename, writeFile } from 'node:fs/promises';
import type { CheckpointFile } from '../../ports/checkpoint-file.ts';

/**
 * A file with the signed note, replaced as a whole. It is not flushed to the disk: what a power cut loses is an older memory,
 * which refuses less, and never more.
 *
 * Why: docs/DECISIONS.md#the-remembered-checkpoint-is-a-file-in-the-data-folder
 */
export function checkpointFile(path: string): CheckpointFile {
  return {
    async read() {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(note) {
      const next = `${path}.new`;
      await writeFile(next, note, { mode: 0o600 });
      await rename(next, path);
    },
  };
}
