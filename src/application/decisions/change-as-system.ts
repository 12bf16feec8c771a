import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { SYSTEM_USER_ID } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { type IdempotencyCodec, idempotent } from '../idempotency/idempotent.ts';
import type { Act } from '../users/administer-user.ts';
import type { Draft, EntryOrigin, Job } from './job.ts';

const ATTEMPTS_MAX = 16;
const STALE = refuse('busy');

export interface SystemChange<Rows, T> {
  /** Reads what the change depends on. */
  readonly read: () => Promise<Rows>;
  /** Called with what was read. */
  readonly change: (rows: Rows) => { readonly result: T; readonly draft: Omit<Draft, 'state'> } | Refusal;
  readonly codec: IdempotencyCodec<T, T>;
  /** The refusal where a row's key is taken. */
  readonly conflict?: () => Refusal;
  /** Whose quota of entries it counts to. */
  readonly origin?: EntryOrigin;
}

/**
 * Commits an entry of the system user with its rows. Every such entry makes what was read before it stale: then it is read
 * again, so that of two changes at once none is lost.
 * @returns the refusal of `change`, or `busy` where others make such entries without a pause
 */
export async function changeAsSystem<Rows, T extends object>(
  context: Context,
  act: Act,
  { read, change, codec, conflict, origin }: SystemChange<Rows, T>,
): Promise<T | Refusal> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const readAt = (await context.userCache.getOrLoad(SYSTEM_USER_ID))?.version;
    const changed = change(await read());
    const job: Job<T | Refusal> = {
      userId: SYSTEM_USER_ID,
      origin,
      ...(conflict ? { conflict } : {}),
      decide: (system) => {
        if (system?.version !== readAt) return { result: STALE };
        if (isRefusal(changed)) return { result: changed };
        const { detail, ...draft } = changed.draft;
        return {
          result: changed.result,
          draft: { ...draft, detail: { ...detail, ...byWhom(act) }, state: system?.state ?? {} },
        };
      },
    };
    const decided = await context.decider.submit(idempotent(job, act.idempotency, codec));
    if (decided.result !== STALE) return decided.result;
  }
  return refuse('busy', { retryAfterMs: 1_000 });
}

/** For the entry: the administrator's name, where there is one. */
export function byWhom({ by }: Act): Readonly<Record<string, string>> {
  return by === undefined ? {} : { by };
}
