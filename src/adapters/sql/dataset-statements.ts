import type { DatasetVersionRow } from '../../ports/store.ts';
import { DATASET_VERSIONS } from './columns.ts';

/* The statements about datasets, in SQL that both engines share. */

const COLUMNS = Object.values(DATASET_VERSIONS).join(', ');

export const LIST_DATASETS = `SELECT ${COLUMNS} FROM dataset_versions WHERE dataset IN
  (SELECT dataset FROM dataset_versions WHERE dataset > $1 AND version = 1 ORDER BY dataset LIMIT $2) ORDER BY dataset, version`;
export const FIND_DATASET = `SELECT ${COLUMNS} FROM dataset_versions WHERE dataset = $1 ORDER BY version`;
/** A destroyed seed is gone from the row, too. */
export const UPDATE_DATASET = `UPDATE dataset_versions SET status = $3, changed_at = $4,
  seed = CASE WHEN $3 = 'destroyed' THEN '' ELSE seed END WHERE dataset = $1 AND version = $2`;
export const LIST_DATASET_SEEDS = `SELECT dataset, version, seed FROM dataset_versions
  WHERE (dataset, version) > ($1, $2) AND seed <> '' ORDER BY dataset, version LIMIT $3`;
export const REPLACE_DATASET_SEED =
  'UPDATE dataset_versions SET seed = $3 WHERE dataset = $1 AND version = $2 AND seed = $4';

/** The name and version that a wrapped key's id consists of; before the first where it has none. */
export function datasetOf(id: string): readonly [dataset: string, version: number] {
  const slash = id.lastIndexOf('/');
  return slash < 0 ? ['', 0] : [id.slice(0, slash), Number(id.slice(slash + 1))];
}

export function datasetVersion(row: readonly unknown[]): DatasetVersionRow {
  const members = Object.keys(DATASET_VERSIONS);
  return Object.fromEntries(
    members.map((member, index) => [member, row[index]]),
  ) as unknown as DatasetVersionRow;
}
