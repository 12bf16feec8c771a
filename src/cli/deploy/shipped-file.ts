import { readFileSync } from 'node:fs';

const DEPLOY = new URL('../../../deploy/', import.meta.url);

/**
 * The text of a file in `deploy/`, by its path there: `systemd/sello@.service`.
 *
 * Why: docs/DECISIONS.md#deployment-files-are-shipped-and-filled-in
 */
export function shippedFile(path: string): string {
  return readFileSync(new URL(path, DEPLOY), 'utf8');
}
