import type { ServiceKey, ServiceRow } from '../../ports/store.ts';
import type { StoredService } from './columns.ts';

/** A service as an audit compares it: scopes that are no list show as one scope. */
export function auditedService(stored: StoredService, keys: readonly ServiceKey[]): ServiceRow {
  const own = keys.map(({ hash, createdAt }) => ({ hash, createdAt }));
  return { ...stored, scopes: scopesOf(stored.scopes), keys: own, disabled: Boolean(stored.disabled) };
}

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
