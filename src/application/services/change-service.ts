import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import type { ServiceRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { changeAsSystem } from '../decisions/change-as-system.ts';
import type { IdempotencyCodec } from '../idempotency/idempotent.ts';
import type { Act } from '../users/administer-user.ts';

export interface ServiceChange<T> {
  readonly type: `admin.${string}`;
  readonly detail?: Readonly<Record<string, string>>;
  readonly change: (service: ServiceRow) => ServiceRow | Refusal;
  readonly result: (changed: ServiceRow) => T;
  readonly codec: IdempotencyCodec<T, T>;
}

/**
 * Changes a service as an entry of the system user.
 * @returns `service_unknown`, the refusal of `change`, or `busy` where others change services without a pause
 */
export function changeService<T extends object>(
  context: Context,
  name: string,
  act: Act,
  { type, detail, change, result, codec }: ServiceChange<T>,
): Promise<T | Refusal> {
  return changeAsSystem(context, act, {
    read: async () => (await context.store.listServices()).find((service) => service.name === name),
    change: (known) => {
      if (!known) return refuse('service_unknown');
      const service = change(known);
      if (isRefusal(service)) return service;
      const rows = [{ kind: 'service.update', service }] as const;
      return { result: result(service), draft: { type, detail: { service: name, ...detail }, rows } };
    },
    codec,
  });
}
