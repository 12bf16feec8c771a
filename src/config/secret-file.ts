import { readFileSync, statSync } from 'node:fs';
import { secretText } from '../domain/encoding/secret-text.ts';

const SECRET_BYTES_MAX = 4_096;

/** Allowed are the owner and, for secrets that a supervisor mounts, reading by the group. */
const MODES_REFUSED = 0o037;

/**
 * Reads a secret from a file, without one line end at its end. Refuses a file that other users can read.
 *
 * Why: docs/DECISIONS.md#readable-secret-files-stop-the-start
 */
export function readSecretFile(file: string): { readonly text: string } | { readonly problem: string } {
  try {
    const { size, mode } = statSync(file);
    if (size > SECRET_BYTES_MAX) return { problem: `${file} is larger than ${SECRET_BYTES_MAX} bytes` };
    const problem = openToOthers(file, mode);
    if (problem) return { problem };
    const secret = secretText(readFileSync(file));
    if ('problem' in secret) return { problem: `${file} ${secret.problem}` };
    return secret.text === '' ? { problem: `${file} is empty` } : secret;
  } catch (error) {
    return { problem: `${file} cannot be read: ${(error as Error).message}` };
  }
}

/** @param mode of the file @returns the problem when other users can read it */
export function openToOthers(file: string, mode: number): string | undefined {
  if (process.platform === 'win32' || (mode & MODES_REFUSED) === 0) return undefined;
  return `${file} is open to other users: run chmod 600 '${file}'; where a supervisor mounts it, have it mounted with mode 0440 (Kubernetes: defaultMode: 0440)`;
}
