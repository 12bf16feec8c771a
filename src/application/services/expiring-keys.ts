import { LIMITS } from '../../limits.ts';
import type { ServiceRow } from '../../ports/store.ts';
import { idOfServiceKey } from './service-keys.ts';

export interface ExpiringKey {
  readonly service: string;
  /** What its holder knows it by, or its id. */
  readonly key: string;
  /** ms since 1970; in the past where it has expired. */
  readonly expiresAt: number;
}

/** The keys of enabled services that expire within `LIMITS.serviceKeyExpiryWarnedMs`, or have. */
export function expiringKeys(services: readonly ServiceRow[], now: number): readonly ExpiringKey[] {
  return services
    .filter(({ disabled }) => !disabled)
    .flatMap(({ name: service, keys }) =>
      keys.flatMap((key) => {
        const { expiresAt = Infinity, hint = idOfServiceKey(key) } = key;
        return expiresAt - now < LIMITS.serviceKeyExpiryWarnedMs ? [{ service, key: hint, expiresAt }] : [];
      }),
    );
}
