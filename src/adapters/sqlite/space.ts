import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { StoreUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';

/**
 * Checks that the file system of the database has `storeSpaceBytesMin` free. Does NOT see quotas.
 * @throws StoreUnavailable when it has less
 */
export function assertSpace(database: DatabaseSync): void {
  const path = database.location();
  if (path === null) return;
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize < LIMITS.storeSpaceBytesMin)
    throw new StoreUnavailable(
      'the database cannot answer: the disk is full: make space, nothing else needs to be done',
    );
}
