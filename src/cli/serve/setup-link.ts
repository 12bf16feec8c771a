import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'setup-link';

/**
 * Writes the link that makes the first administrator to a file of mode 0600 in the data folder: what is printed on
 * anything but a terminal is kept by whoever keeps logs. @returns the path
 */
export function writeSetupLink(dataDir: string, link: string): string {
  removeSetupLink(dataDir);
  const path = join(dataDir, NAME);
  writeFileSync(path, `${link}\n`, { mode: 0o600, flag: 'wx' });
  return path;
}

/** Removes the file of an earlier start. */
export function removeSetupLink(dataDir: string): void {
  rmSync(join(dataDir, NAME), { force: true });
}
