import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DatasetVersionRow, SideRow } from '../../ports/store.ts';
import { DATASET_VERSIONS, valuesOf } from '../sql/columns.ts';
import { datasetVersion, FIND_DATASET, LIST_DATASETS, UPDATE_DATASET } from '../sql/dataset-statements.ts';
import { inputValues, insertInto, prepareShared } from './row-sql.ts';

/** Reads and writes the versions of datasets. */
export class DatasetRows {
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #list: StatementSync;
  readonly #find: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare(insertInto('dataset_versions', DATASET_VERSIONS));
    this.#update = prepareShared(database, UPDATE_DATASET);
    this.#list = prepareShared(database, LIST_DATASETS);
    this.#find = prepareShared(database, FIND_DATASET);
  }

  insert(version: DatasetVersionRow): void {
    this.#insert.run(...inputValues(valuesOf(DATASET_VERSIONS, version)));
  }

  update({ dataset, version, status, changedAt }: SideRow & { readonly kind: 'dataset.update' }): void {
    if (Number(this.#update.run(dataset, version, status, changedAt).changes) !== 1)
      throw new Error('a decision changes a row that is not there');
  }

  list(after: string, limit: number): DatasetVersionRow[] {
    return this.#list.all(after, limit).map((row) => datasetVersion(row as unknown as readonly unknown[]));
  }

  find(name: string): DatasetVersionRow[] {
    return this.#find.all(name).map((row) => datasetVersion(row as unknown as readonly unknown[]));
  }
}
