import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Context } from '../context.ts';

const running = new WeakMap<Context, string>();

/**
 * Runs an operation, or refuses it (`busy`) while another one runs. A backup must hold the database and the keys of one
 * moment; a key rotation during it would separate them.
 *
 * An operation ends after `operatorAnswerTimeMs`, or when `cancelled` aborts, as `operation_cancelled`. The next one may begin
 * then, even if a step of this one hangs in the kernel: its `run` must do nothing lasting once its signal has aborted.
 */
export async function runExclusively<Result>(
  context: Context,
  name: string,
  run: (signal: AbortSignal) => Promise<Result | Refusal>,
  cancelled?: AbortSignal,
): Promise<Result | Refusal> {
  const other = running.get(context);
  if (other !== undefined) return refuse('busy', { detail: `${other} is running`, retryAfterMs: 1_000 });
  running.set(context, name);
  const time = AbortSignal.timeout(LIMITS.operatorAnswerTimeMs);
  const signal = cancelled ? AbortSignal.any([time, cancelled]) : time;
  const over = Promise.withResolvers<Refusal>();
  const end = () => over.resolve(refuse('operation_cancelled', { detail: name }));
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    return await Promise.race([over.promise, signal.aborted ? over.promise : run(signal)]);
  } catch (error) {
    if (signal.aborted) return over.promise;
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
    running.delete(context);
  }
}
