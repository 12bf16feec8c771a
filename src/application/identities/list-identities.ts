import { LIMITS } from '../../limits.ts';
import type { IdentityRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Session } from '../sessions/session.ts';

/** The caller's own identities, newest first. */
export function listOwnIdentities({ store }: Context, { userId }: Session): Promise<readonly IdentityRow[]> {
  return store.listIdentities({ userId, limit: LIMITS.identitiesListedMax });
}
