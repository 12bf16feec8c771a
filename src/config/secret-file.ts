import { readFileSync, statSync } from 'node:fs';

const SECRET_BYTES_MAX = 4_096;

/** Reads a secret that a file holds, without one line end at its end. */
export function readSecretFile(file: string): { readonly text: string } | { readonly problem: string } {
  try {
    if (statSync(file).size > SECRET_BYTES_MAX)
      return { problem: `${file} is larger than ${SECRET_BYTES_MAX} bytes` };
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return text === '' ? { problem: `${file} is empty` } : { text };
  } catch (error) {
    return { problem: `${file} cannot be read: ${(error as Error).message}` };
  }
}
