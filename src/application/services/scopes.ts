import { type Refusal, refuse } from '../../domain/errors.ts';

/** What a service may do. */
export const SCOPES = [
  'transactions:write',
  'transactions:read',
  'codes:verify',
  'users:read',
  'surrogates:make',
  'surrogates:reverse',
] as const;
export type Scope = (typeof SCOPES)[number];

/**
 * Whether these scopes are enough. A service that may request transactions may also read them.
 *
 * Why: docs/DECISIONS.md#writing-transactions-includes-reading-them
 */
export function allows(scopes: readonly string[], scope: Scope): boolean {
  if (scopes.includes(scope)) return true;
  return scope === 'transactions:read' && scopes.includes('transactions:write');
}

/** @returns the scopes sorted, each once, or `service_invalid` where one is unknown or there is none */
export function parseScopes(given: readonly string[]): readonly string[] | Refusal {
  const scopes = [...new Set(given)].sort();
  const unknown = scopes.some((scope) => !SCOPES.includes(scope as Scope));
  return unknown || scopes.length === 0
    ? refuse('service_invalid', { detail: `scopes: one or more of ${SCOPES.join(', ')}` })
    : scopes;
}
