import type { RefusalCode } from '../../domain/errors.ts';
import { asksForFreshProof } from './fresh-proof.ts';
import type { Route } from './route.ts';

/** The refusals of any request. */
const ALWAYS: readonly RefusalCode[] = [
  'message_invalid',
  'session_ended',
  'service_key_expired',
  'resource_unknown',
  'request_too_slow',
  'headers_too_long',
  'rate_limited',
  'unavailable',
  'shutting_down',
];

/** The codes that a route may answer: its own, those of any request, and those of its features. */
export function refusalsOf(route: Route): readonly RefusalCode[] {
  const codes = new Set<RefusalCode>([...ALWAYS, ...route.refusals]);
  if (route.method !== 'GET') {
    for (const code of ['json_invalid', 'line_too_long', 'content_type_unsupported', 'csrf_invalid'] as const)
      codes.add(code);
  }
  if (asksForFreshProof(route)) {
    codes.add('proof_required');
    codes.add('authenticator_required');
  }
  if (route.repeatable) codes.add('idempotency_mismatch');
  if (route.caller !== 'anyone') codes.add('session_required');
  if (route.caller === 'user' || route.caller === 'service') codes.add('caller_wrong');
  if (route.caller !== 'anyone') codes.add('signature_invalid');
  if (route.caller !== 'anyone' && route.method !== 'GET') codes.add('content_digest_wrong');
  if (route.scope !== undefined) codes.add('scope_missing');
  if (route.caller.startsWith('user') && !route.device) codes.add('session_scope');
  return [...codes];
}
