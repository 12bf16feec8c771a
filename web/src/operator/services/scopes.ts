/** Scopes of services, as the server knows them. */
export const SCOPES = [
  'transactions:write',
  'transactions:read',
  'codes:verify',
  'users:read',
  'surrogates:make',
  'surrogates:reverse',
] as const;
export type Scope = (typeof SCOPES)[number];

const WORDS = {
  'transactions:write': 'transactions_write',
  'transactions:read': 'transactions_read',
  'codes:verify': 'codes_verify',
  'users:read': 'users_read',
  'surrogates:make': 'surrogates_make',
  'surrogates:reverse': 'surrogates_reverse',
} as const satisfies Record<Scope, string>;

/** Returns the key of a scope's words in the texts (`services.scope`); undefined for a scope of a newer server. */
export function scopeWord(scope: string): (typeof WORDS)[Scope] | undefined {
  const known = SCOPES.find((each) => each === scope);
  return known && WORDS[known];
}

export function knownScopes(scopes: readonly string[]): readonly Scope[] {
  return SCOPES.filter((scope) => scopes.includes(scope));
}
