import { isFreshlyProven } from '../../application/sessions/session.ts';
import { hasAuthenticator } from '../../application/tokens/authenticators.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import type { UserCaller } from './caller.ts';
import type { HttpDependencies } from './dependencies.ts';
import type { Route } from './route.ts';

/** Whether the route changes something on behalf of an administrator: a password, or a session left open, must not do that. */
export function asksForFreshProof({ caller, method }: Pick<Route, 'caller' | 'method'>): boolean {
  return (caller === 'admin' || caller === 'admin_or_service') && method !== 'GET';
}

/**
 * Checks that the session has shown a token or passkey within `proof_ttl_ms`. Looks into the store before it refuses:
 * another server may have seen it.
 *
 * Why: docs/DECISIONS.md#administrators-act-by-a-fresh-code
 */
export async function checkFreshProof(
  { context }: HttpDependencies,
  { session }: UserCaller,
): Promise<Refusal | undefined> {
  const { settings, userCache, decider } = context;
  const isFresh = (held: Parameters<typeof isFreshlyProven>[0]) =>
    isFreshlyProven(held, decider.now(), settings.proofTtlMs);
  if (isFresh(session)) return undefined;
  const user = await userCache.reload(session.userId);
  const held = user?.sessions.find(({ sessionId }) => sessionId === session.sessionId);
  if (!user || !held) return refuse('session_ended');
  if (isFresh(held)) return undefined;
  return refuse(hasAuthenticator(user) ? 'proof_required' : 'authenticator_required');
}
