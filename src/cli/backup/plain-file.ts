import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * Opens a file of a backup for reading. The medium is not trusted: what is a link there could lead to any file that this
 * user may read, and a pipe would never end.
 * @throws Error in words for the operator when it is missing or not a regular file
 */
export async function openPlainFile(path: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Error('is missing');
    throw new Error(error.code === 'ELOOP' ? 'is a link, not a file' : `cannot be read (${error.code})`);
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error('is not a regular file');
}

/** Reads a small file of a backup as text. @throws Error as `openPlainFile`, and when it is longer than `bytesMax` */
export async function readPlainFile(path: string, bytesMax: number): Promise<string> {
  const file = await openPlainFile(path);
  try {
    if ((await file.stat()).size > bytesMax) throw new Error(`is longer than ${bytesMax} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
