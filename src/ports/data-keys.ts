import type { Refusal } from '../domain/errors.ts';
import type { DataKey } from '../domain/surrogates/data-key.ts';

/** Gives the data keys of datasets to those who may make surrogates in bulk. */
export interface DataKeys {
  /** The key of a version; of the dataset's current one where none is given. Refuses versions that are unknown or destroyed. */
  dataKey(dataset: string, version?: number): Promise<DataKey | Refusal>;
}
