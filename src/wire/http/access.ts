import { allows, type Scope } from '../../application/services/scopes.ts';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import type { Caller, CallerKind } from './caller.ts';

/**
 * Checks whether the caller may use a route for `kind` and `scope`. To other callers a route for administrators or
 * auditors does not exist (`resource_unknown`).
 * @param device whether the route is open to a device's session
 */
export function checkAccess(
  kind: CallerKind,
  scope: Scope | undefined,
  caller: Caller | Refusal | undefined,
  device = false,
): Refusal | undefined {
  if (kind === 'anyone') return undefined;
  if (caller === undefined) return refuse('session_required');
  if (isRefusal(caller)) return caller;
  if (caller.kind === 'service') {
    if (kind === 'admin' || kind === 'auditor') return refuse('resource_unknown');
    if (kind === 'user') return refuse('caller_wrong');
    const missing = scope !== undefined && !allows(caller.service.scopes, scope);
    return missing ? refuse('scope_missing', { detail: scope }) : undefined;
  }
  if (kind === 'service') return refuse('caller_wrong');
  const { role, kind: held } = caller.session;
  // A device's session has the role `user`, so routes for administrators do not exist for it either.
  if ((kind === 'admin' || kind === 'admin_or_service') && role !== 'admin')
    return refuse('resource_unknown');
  if (kind === 'auditor' && role === 'user') return refuse('resource_unknown');
  return held === 'login' || device ? undefined : refuse('session_scope');
}
