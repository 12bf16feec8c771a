import { isRefusal, type Refusal, refuse, VaultUnavailable } from '../../domain/errors.ts';
import type { DataKey } from '../../domain/surrogates/data-key.ts';
import { LIMITS } from '../../limits.ts';
import { type DatasetVersionRow, SYSTEM_USER_ID } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { datasetOwner } from '../keys/key-owner.ts';

/** What the vault derives a data key for, from a dataset's seed, which itself never leaves it. */
const DATA_KEY_CONTEXT = 'sello data key v1';

interface Known {
  readonly versions: readonly DatasetVersionRow[];
  readonly keys: Map<number, DataKey>;
  readonly until: number;
}

/**
 * Gives the data keys of datasets: HMAC-SHA256 by the vault under a version's seed. They are kept in memory for
 * `LIMITS.dataKeyLifeMs`; a change by this server counts at once, one by another within a second.
 */
export class DataKeys {
  readonly #context: Pick<Context, 'store' | 'vault'>;
  #known = new Map<string, Known>();
  /** Datasets that were read across a change may be stale. */
  #changes = 0;

  constructor(context: Context) {
    this.#context = context;
    const forget = () => {
      this.#changes++;
      this.#known = new Map();
    };
    context.decider.subscribeCommits((entries) => {
      if (entries.some(({ userId, type }) => userId === SYSTEM_USER_ID && type.startsWith('dataset.')))
        forget();
    });
    context.userCache.subscribeChanges((users) => {
      if (users === 'all' || users.includes(SYSTEM_USER_ID)) forget();
    });
  }

  /**
   * @param version by default the active one
   * @returns `dataset_unknown`, or `dataset_destroyed` where there is no such key any more
   * @throws VaultUnavailable, StoreUnavailable
   */
  async find(dataset: string, version?: number): Promise<DataKey | Refusal> {
    const known = await this.#find(dataset);
    if (known.versions.length === 0) return refuse('dataset_unknown');
    const row =
      version === undefined
        ? known.versions.findLast(({ status }) => status === 'active')
        : known.versions.find((each) => each.version === version);
    if (row === undefined) return refuse(version === undefined ? 'dataset_destroyed' : 'dataset_unknown');
    if (row.status === 'destroyed') return refuse('dataset_destroyed');
    const key = known.keys.get(row.version) ?? (await this.#derive(row));
    if (!isRefusal(key)) known.keys.set(row.version, key);
    return key;
  }

  async #find(dataset: string): Promise<Known> {
    const held = this.#known.get(dataset);
    if (held && held.until > performance.now()) return held;
    const changes = this.#changes;
    const versions = await this.#context.store.findDataset(dataset);
    const known: Known = { versions, keys: new Map(), until: performance.now() + LIMITS.dataKeyLifeMs };
    if (versions.length > 0 && changes === this.#changes) {
      if (this.#known.size >= LIMITS.dataKeysMax) this.#known = new Map();
      this.#known.set(dataset, known);
    }
    return known;
  }

  /** @throws VaultUnavailable where the vault does not open a seed that is not destroyed */
  async #derive(row: DatasetVersionRow): Promise<DataKey | Refusal> {
    const { dataset, version } = row;
    const key = await this.#deriveFrom(row);
    if (key) return key;
    // A rotation of the vault's keys has wrapped it again since it was read, and destroyed the keys from before.
    const versions = await this.#context.store.findDataset(dataset);
    const renewed = versions.find((each) => each.version === version);
    if (!renewed || renewed.status === 'destroyed') return refuse('dataset_destroyed');
    const derived = renewed.seed === row.seed ? undefined : await this.#deriveFrom(renewed);
    if (!derived) throw new VaultUnavailable(`the vault does not open the seed ${dataset}/${version}`);
    return derived;
  }

  async #deriveFrom({ dataset, version, seed: wrapped }: DatasetVersionRow): Promise<DataKey | undefined> {
    const owner = datasetOwner(`${dataset}/${version}`);
    const seed = await this.#context.vault.deriveFromKey({ owner, wrapped, context: DATA_KEY_CONTEXT });
    return seed && { dataset, version, seed };
  }
}
