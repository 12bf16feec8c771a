import { isRefusal, type Refusal } from '../../domain/errors.ts';
import type { Context } from '../context.ts';
import { changeAsSystem } from '../decisions/change-as-system.ts';

const FILTER_LENGTH_MAX = 512;

/**
 * Records that an administrator or auditor takes a list away as a file, before the first line of it is sent.
 * @returns a refusal where it could not be recorded: then nothing is sent
 */
export async function recordExport(
  context: Context,
  by: string,
  taken: { readonly list: string; readonly format: string; readonly filter: string },
): Promise<Refusal | undefined> {
  const { list, format, filter } = taken;
  const recorded = await changeAsSystem<undefined, object>(
    context,
    { by },
    {
      read: async () => undefined,
      change: () => ({
        result: {},
        draft: {
          type: 'admin.exported',
          detail: { list, format, filter: filter.slice(0, FILTER_LENGTH_MAX) },
        },
      }),
      codec: { keep: () => ({}), again: () => ({}) },
    },
  );
  return isRefusal(recorded) ? recorded : undefined;
}
