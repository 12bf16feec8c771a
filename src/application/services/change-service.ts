import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { type ServiceRow, SYSTEM_USER_ID } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import { type IdempotencyCodec, idempotent } from '../idempotency/idempotent.ts';
import type { Act } from '../users/administer-user.ts';

const ATTEMPTS_MAX = 16;
const STALE = refuse('busy');

export interface ServiceChange<T> {
  readonly type: `admin.${string}`;
  readonly detail?: Readonly<Record<string, string>>;
  readonly change: (service: ServiceRow) => ServiceRow | Refusal;
  readonly result: (changed: ServiceRow) => T;
  readonly codec: IdempotencyCodec<T, T>;
}

/**
 * Changes a service as an entry of the system user. Every such entry makes what was read before it stale: then the
 * service is read again, so that of two changes at once none is lost.
 * @returns `service_unknown`, the refusal of `change`, or `busy` where others change services without a pause
 */
export async function changeService<T extends object>(
  context: Context,
  name: string,
  act: Act,
  { type, detail, change, result, codec }: ServiceChange<T>,
): Promise<T | Refusal> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const readAt = (await context.userCache.getOrLoad(SYSTEM_USER_ID))?.version;
    const known = (await context.store.listServices()).find((service) => service.name === name);
    if (!known) return refuse('service_unknown');
    const changed = change(known);
    const job: Job<T | Refusal> = {
      userId: SYSTEM_USER_ID,
      decide: (system) => {
        if (system?.version !== readAt) return { result: STALE };
        if (isRefusal(changed)) return { result: changed };
        return {
          result: result(changed),
          draft: {
            type,
            detail: { service: name, ...detail, ...byWhom(act) },
            state: system?.state ?? {},
            rows: [{ kind: 'service.update', service: changed }],
          },
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
