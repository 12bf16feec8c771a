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
