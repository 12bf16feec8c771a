import { type Refusal, refuse } from '../../domain/errors.ts';
import type { Context } from '../context.ts';

const running = new WeakMap<Context, string>();

/**
 * Runs an operation, or refuses it (`busy`) while another one runs. A backup must hold the database and the keys of one
 * moment; a key rotation during it would separate them.
 */
export async function runExclusively<Result>(
  context: Context,
  name: string,
  run: () => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const other = running.get(context);
  if (other !== undefined) return refuse('busy', { detail: `${other} is running`, retryAfterMs: 1_000 });
  running.set(context, name);
  try {
    return await run();
  } finally {
    running.delete(context);
  }
}
