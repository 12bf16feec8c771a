import type { DatasetVersionRow } from '../../ports/store.ts';
import { datasetVersion, FIND_DATASET, LIST_DATASETS } from '../sql/dataset-statements.ts';
import type { Connection } from './connection.ts';
import { cannotBeStored } from './storable.ts';

const LIST = { name: 'datasets_list', text: LIST_DATASETS };
const FIND = { name: 'datasets_find', text: FIND_DATASET };

export async function listDatasets(
  connection: Connection,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<DatasetVersionRow[]> {
  return (await connection.run(LIST, [after, limit])).rows.map(datasetVersion);
}

export async function findDataset(connection: Connection, name: string): Promise<DatasetVersionRow[]> {
  if (cannotBeStored(name)) return [];
  return (await connection.run(FIND, [name])).rows.map(datasetVersion);
}
