import type { ServiceKey, ServiceRow } from '../../ports/store.ts';
import {
  SERVICE_KEY_FACTS,
  SERVICE_KEYS,
  type StoredServiceKey,
  type StoredServiceKeyFacts,
  valuesOf,
} from './columns.ts';

/*
 * The statements about the keys of services, in SQL that both engines share. What was added to a key later has a table of
 * its own: a server of the version before writes `service_keys` anew at each change, and would lose it.
 *
 * Why: docs/DECISIONS.md#what-is-known-of-a-services-key-has-a-table-of-its-own
 */

const insertInto = (table: string, columns: readonly string[]) =>
  `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})`;

export const INSERT_KEY_FACTS = `${insertInto('service_key_facts', Object.values(SERVICE_KEY_FACTS))} ON CONFLICT (hash) DO NOTHING`;
/** Of the keys that a service has no more. */
export const DELETE_KEY_FACTS = `DELETE FROM service_key_facts WHERE service_id = $1
  AND hash NOT IN (SELECT hash FROM service_keys WHERE service_id = $1)`;
export const RECORD_KEY_USE = `INSERT INTO service_key_facts (hash, service_id, hint, expires_at, last_used_at)
  SELECT hash, service_id, CAST($2 AS text), 0, CAST($3 AS bigint) FROM service_keys WHERE hash = $1
  ON CONFLICT (hash) DO UPDATE SET
    hint = CASE WHEN service_key_facts.hint = '' THEN excluded.hint ELSE service_key_facts.hint END,
    last_used_at = CASE WHEN excluded.last_used_at > service_key_facts.last_used_at
      THEN excluded.last_used_at ELSE service_key_facts.last_used_at END`;

/** The values of a service's keys, for `service_keys`. */
export function keyValues({ serviceId, keys }: ServiceRow): ReturnType<typeof valuesOf<StoredServiceKey>>[] {
  return keys.map(({ hash, createdAt }) => valuesOf(SERVICE_KEYS, { hash, serviceId, createdAt }));
}

/** The values of what is known of a service's keys, for `INSERT_KEY_FACTS`. */
export function keyFactValues({
  serviceId,
  keys,
}: ServiceRow): ReturnType<typeof valuesOf<StoredServiceKeyFacts>>[] {
  return keys.map(({ hash, hint = '', expiresAt = 0, lastUsedAt = 0 }) =>
    valuesOf(SERVICE_KEY_FACTS, { hash, serviceId, hint, expiresAt, lastUsedAt }),
  );
}

/** @param facts absent where an earlier version made the key */
export function serviceKeyOf(
  { hash, createdAt }: Pick<StoredServiceKey, 'hash' | 'createdAt'>,
  facts?: Partial<Omit<StoredServiceKeyFacts, 'serviceId'>>,
): ServiceKey {
  const { hint, expiresAt, lastUsedAt } = facts ?? {};
  return {
    ...{ hash, createdAt },
    ...(hint ? { hint } : {}),
    ...(expiresAt ? { expiresAt } : {}),
    ...(lastUsedAt ? { lastUsedAt } : {}),
  };
}
