import { type Refusal, refuse } from '../../domain/errors.ts';
import { VERSION_MAX } from '../../domain/surrogates/data-key.ts';
import { isSurrogateName } from '../../domain/surrogates/names.ts';
import { LIMITS } from '../../limits.ts';
import type { DatasetVersionRow, SideRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { changeAsSystem } from '../decisions/change-as-system.ts';
import { wholeResult } from '../idempotency/idempotent.ts';
import { datasetOwner } from '../keys/key-owner.ts';
import type { Act } from '../users/administer-user.ts';

/** A dataset without its seeds. */
export interface Dataset {
  readonly name: string;
  /** The oldest first. */
  readonly versions: readonly Omit<DatasetVersionRow, 'dataset' | 'seed'>[];
  /** A repeat of an idempotency key: nothing was done again. */
  readonly repeated?: boolean;
}

/** Who asks: an administrator, a service by its name, or the operator by neither. */
export interface DatasetAct extends Act {
  readonly service?: string;
}

const CODEC = wholeResult<Dataset>();

/**
 * Makes a dataset: a name and a seed, which is made and wrapped by the vault.
 * @returns `dataset_invalid`, `dataset_exists`, or `datasets_too_many` beyond `LIMITS.datasetsMax`
 */
export async function createDataset(
  context: Context,
  name: string,
  act: DatasetAct = {},
): Promise<Dataset | Refusal> {
  if (!isSurrogateName(name))
    return refuse('dataset_invalid', { detail: 'name: 1 to 64 of A-Z, a-z, 0-9, dot, dash, underscore' });
  const limit = LIMITS.datasetsMax;
  const known = await context.store.listDatasets({ after: '', limit });
  if (known.filter(({ version }) => version === 1).length === limit) return refuse('datasets_too_many');
  return context.keyLeases.hold(async () => {
    const seed = await makeSeed(context, name, 1);
    return changeAsSystem(context, act, {
      read: () => context.store.findDataset(name),
      change: (versions) =>
        versions.length > 0
          ? refuse('dataset_exists')
          : withVersion('dataset.created', act, [], { ...first(name, seed), ...madeAt(context) }),
      conflict: () => refuse('dataset_exists'),
      codec: CODEC,
      ...originOf(act),
    });
  });
}

/**
 * Gives a dataset a new version, which makes its surrogates from then on. The one before reverses what it made, until it is
 * destroyed.
 */
export async function rotateDataset(
  context: Context,
  name: string,
  act: DatasetAct = {},
): Promise<Dataset | Refusal> {
  const before = await context.store.findDataset(name);
  const version = before.length + 1;
  if (before.length === 0) return refuse('dataset_unknown');
  if (version > VERSION_MAX) return refuse('dataset_versions_too_many');
  return context.keyLeases.hold(async () => {
    const seed = await makeSeed(context, name, version);
    return changeAsSystem(context, act, {
      read: () => context.store.findDataset(name),
      change: (versions) =>
        versions.length === before.length
          ? withVersion('dataset.rotated', act, versions, {
              ...{ dataset: name, version, status: 'active', seed, ...madeAt(context) },
            })
          : refuse('busy', { retryAfterMs: 0 }),
      conflict: () => refuse('busy', { retryAfterMs: 0 }),
      codec: CODEC,
      ...originOf(act),
    });
  });
}

/**
 * Destroys the seed of one version, or of all: nobody can make or reverse its surrogates again. What copies of the store
 * still hold opens until the vault's keys are rotated. Repeated, it changes nothing.
 * @returns `dataset_unknown` where there is no such dataset or version
 */
export function destroyDataset(
  context: Context,
  { name, version }: { readonly name: string; readonly version?: number },
  act: DatasetAct = {},
): Promise<Dataset | Refusal> {
  return changeAsSystem(context, act, {
    read: () => context.store.findDataset(name),
    change: (versions) => {
      const at = context.decider.now();
      const chosen = versions.filter((row) => version === undefined || row.version === version);
      if (chosen.length === 0) return refuse('dataset_unknown');
      const rows = chosen.map((row) => changed(row, 'destroyed', at));
      return {
        result: datasetOf(versions.map((row) => (chosen.includes(row) ? destroyed(row, at) : row))),
        draft: {
          type: 'dataset.destroyed',
          detail: { dataset: name, versions: chosen.map((row) => row.version).join(' '), ...serviceOf(act) },
          rows,
        },
      };
    },
    codec: CODEC,
  });
}

/** @param versions of one dataset, at least one */
export function datasetOf(versions: readonly DatasetVersionRow[]): Dataset {
  return {
    name: versions[0]?.dataset ?? '',
    versions: versions.map(({ version, status, createdAt, changedAt }) => ({
      ...{ version, status, createdAt, changedAt },
    })),
  };
}

function makeSeed({ vault }: Context, name: string, version: number): Promise<string> {
  return vault.generateKey(datasetOwner(`${name}/${version}`));
}

function madeAt({ decider }: Context) {
  const at = decider.now();
  return { createdAt: at, changedAt: at };
}

function first(dataset: string, seed: string) {
  return { dataset, version: 1, status: 'active', seed } as const;
}

function withVersion(
  type: 'dataset.created' | 'dataset.rotated',
  act: DatasetAct,
  before: readonly DatasetVersionRow[],
  made: DatasetVersionRow,
) {
  const retired = before.filter(({ status }) => status === 'active');
  const versions = before.map((row) =>
    retired.includes(row) ? { ...row, status: 'retired' as const, changedAt: made.createdAt } : row,
  );
  const rows: readonly SideRow[] = [
    ...retired.map((row) => changed(row, 'retired', made.createdAt)),
    { kind: 'dataset.insert', version: made },
  ];
  return {
    result: datasetOf([...versions, made]),
    draft: {
      type,
      detail: { dataset: made.dataset, version: made.version, ...serviceOf(act) },
      rows,
    },
  };
}

function changed(
  { dataset, version }: DatasetVersionRow,
  status: 'retired' | 'destroyed',
  changedAt: number,
): SideRow {
  return { kind: 'dataset.update', dataset, version, status, changedAt };
}

function destroyed(row: DatasetVersionRow, changedAt: number): DatasetVersionRow {
  return { ...row, status: 'destroyed', seed: '', changedAt };
}

function serviceOf({ service }: DatasetAct): Readonly<Record<string, string>> {
  return service === undefined ? {} : { service };
}

function originOf({ service }: DatasetAct) {
  return service === undefined ? {} : { origin: { kind: 'service', name: service } as const };
}
