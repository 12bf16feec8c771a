import { isRefusal, type Refusal } from '../../domain/errors.ts';
import type { DataKey } from '../../domain/surrogates/data-key.ts';
import { SYSTEM_USER_ID } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { DataKeys } from './data-keys.ts';

/**
 * Gives the operator the data key of a version, by default the active one, for surrogates in bulk. Whoever has it makes and
 * reverses all of that version: an entry says so before it is told.
 * @returns `dataset_unknown`, or `dataset_destroyed`
 */
export async function giveDataKey(
  context: Context,
  keys: DataKeys,
  name: string,
  version?: number,
): Promise<DataKey | Refusal> {
  const key = await keys.find(name, version);
  if (isRefusal(key)) return key;
  const { result } = await context.decider.submit<DataKey | Refusal>({
    userId: SYSTEM_USER_ID,
    decide: (system) => ({
      result: key,
      draft: {
        type: 'dataset.key_given',
        detail: { dataset: key.dataset, version: key.version },
        state: system?.state ?? {},
      },
    }),
  });
  return result;
}
