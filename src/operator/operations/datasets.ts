import type { Context } from '../../application/context.ts';
import { DataKeys } from '../../application/datasets/data-keys.ts';
import { giveDataKey } from '../../application/datasets/give-data-key.ts';
import {
  createDataset,
  type Dataset,
  datasetOf,
  destroyDataset,
  rotateDataset,
} from '../../application/datasets/manage-datasets.ts';
import { isRefusal, type Refusal } from '../../domain/errors.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { VERSION_MAX } from '../../domain/surrogates/data-key.ts';
import { LIMITS } from '../../limits.ts';
import { operation, parameters } from './operation.ts';

const name = { type: 'string', minLength: 1, maxLength: 64 } as const;
const version = { type: 'integer', minimum: 1, maximum: VERSION_MAX } as const;
const ofDataset = parameters({ name });

export const datasetCreate = operation(ofDataset, ({ application }, given) =>
  viewed(createDataset(application.context, given.name)),
);

/** Makes a new version; those before turn back what they made. */
export const datasetRotate = operation(ofDataset, ({ application }, given) =>
  viewed(rotateDataset(application.context, given.name)),
);

/** Without a version: of all. */
export const datasetDestroy = operation(
  parameters({ name, version }, ['version']),
  ({ application }, { name, version }) =>
    viewed(destroyDataset(application.context, { name, ...(version === undefined ? {} : { version }) })),
);

export const datasetList = operation(parameters({}), async ({ application }) => {
  const rows = await application.context.store.listDatasets({ after: '', limit: LIMITS.datasetsMax });
  return { datasets: [...Map.groupBy(rows, ({ dataset }) => dataset).values()].map(datasetOf).map(view) };
});

/**
 * The data key of a version, by default the active one, for surrogates in bulk: whoever has it makes and reverses all of
 * that version, so it goes over the operator's socket alone.
 */
export const datasetKey = operation(
  parameters({ name, version }, ['version']),
  async ({ application: { context } }, { name, version }) => {
    const keys = dataKeys.get(context) ?? new DataKeys(context);
    dataKeys.set(context, keys);
    const key = await giveDataKey(context, keys, name, version);
    if (isRefusal(key)) return key;
    return { dataset: key.dataset, version: key.version, key: Buffer.from(key.seed).toString('base64') };
  },
);

const dataKeys = new WeakMap<Context, DataKeys>();

async function viewed(changed: Promise<Dataset | Refusal>) {
  const dataset = await changed;
  return isRefusal(dataset) ? dataset : view(dataset);
}

function view({ name, versions }: Dataset) {
  return {
    name,
    versions: versions.map(({ version, status, createdAt }) => ({
      ...{ version, status },
      created_at: rfc3339(createdAt),
    })),
  };
}
