import type { ServiceRow } from '../../ports/store.ts';
import type { StoredService, StoredServiceKey, StoredServiceKeyFacts } from './columns.ts';
import { serviceKeyOf } from './service-key-statements.ts';

/**
 * Puts the rows of services, of their keys and of what is known of these together for an audit. Keys of a service that is
 * not there come as a service without scopes.
 */
export function* auditedServices(
  stored: readonly StoredService[],
  keys: readonly StoredServiceKey[],
  facts: readonly StoredServiceKeyFacts[],
): Generator<ServiceRow> {
  const known = new Map(facts.map((each) => [each.hash, each]));
  const own = Map.groupBy(keys, ({ serviceId }) => serviceId);
  const keysOf = (serviceId: string) =>
    (own.get(serviceId) ?? []).map((key) => serviceKeyOf(key, known.get(key.hash)));
  for (const service of stored) {
    const { serviceId, scopes, disabled } = service;
    yield { ...service, scopes: scopesOf(scopes), keys: keysOf(serviceId), disabled: Boolean(disabled) };
    own.delete(serviceId);
  }
  for (const serviceId of own.keys())
    yield { serviceId, name: serviceId, scopes: [], keys: keysOf(serviceId), disabled: false, createdAt: 0 };
}

/** Scopes that are no list show as one scope. */
function scopesOf(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text);
    const isList = Array.isArray(value) && value.every((scope) => typeof scope === 'string');
    // Another way to write the same list is a change, too.
    return isList && JSON.stringify(value) === text ? (value as string[]) : [text];
  } catch {
    return [text];
  }
}
