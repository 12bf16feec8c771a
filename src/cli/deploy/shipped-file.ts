import { readFileSync } from 'node:fs';

const DEPLOY = new URL('../../../deploy/', import.meta.url);

/** The text of a file in `deploy/`, by its path there: `systemd/sello@.service`. */
export function shippedFile(path: string): string {
  return readFileSync(new URL(path, DEPLOY), 'utf8');
}
