import { readFileSync, statSync } from 'node:fs';

const SECRET_BYTES_MAX = 4_096;

/** Readable by the owner and, for secrets that a supervisor mounts, by the group; nothing else. */
const MODES_REFUSED = 0o037;

/** Reads a secret that a file holds, without one line end at its end. One that others may read is no secret. */
export function readSecretFile(file: string): { readonly text: string } | { readonly problem: string } {
  try {
    const { size, mode } = statSync(file);
    if (size > SECRET_BYTES_MAX) return { problem: `${file} is larger than ${SECRET_BYTES_MAX} bytes` };
    const problem = openToOthers(file, mode);
    if (problem) return { problem };
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return text === '' ? { problem: `${file} is empty` } : { text };
  } catch (error) {
    return { problem: `${file} cannot be read: ${(error as Error).message}` };
  }
}

/** @param mode of the file @returns what is wrong where others may read it */
export function openToOthers(file: string, mode: number): string | undefined {
  if (process.platform === 'win32' || (mode & MODES_REFUSED) === 0) return undefined;
  return `${file} is open to other users: run chmod 600 '${file}'`;
}
