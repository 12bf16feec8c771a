import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { authenticate } from './authenticate.ts';
import type { HttpDependencies } from './dependencies.ts';
import type { RouteRequest } from './route.ts';

type Asked = Pick<RouteRequest<never, never, never, 'anyone'>, 'headers' | 'secure' | 'address'>;

/**
 * Admits a reader of the log: anybody, at a bounded pace of their address; where `log_public` is off, administrators and
 * auditors. To others the log is not there then.
 */
export async function refuseLogReader(
  dependencies: HttpDependencies,
  { headers, secure, address }: Asked,
  cost = 1,
): Promise<Refusal | undefined> {
  const { settings, rateLimiter } = dependencies.context;
  if (!settings.logPublic) {
    const waitMs = dependencies.errorLimit.waitOf(address);
    const caller = await authenticate(dependencies, { method: 'GET', headers, secure, waitMs });
    if (caller !== undefined && isRefusal(caller)) return caller;
    if (caller?.kind !== 'user' || caller.session.role === 'user') return refuse('resource_unknown');
  }
  const limit = { countMax: LIMITS.logReadsMax, windowMs: LIMITS.logReadsWindowMs };
  const waitMs = await rateLimiter.take(`log/${address}`, limit, cost);
  return waitMs > 0 ? refuse('rate_limited', { retryAfterMs: waitMs }) : undefined;
}

/** The header fields of a part of the log. A private one is nobody else's to cache. */
export function logHeaders({ context }: HttpDependencies, caching: string): Readonly<Record<string, string>> {
  return context.settings.logPublic
    ? { 'cache-control': `public, ${caching}`, 'cross-origin-resource-policy': 'cross-origin' }
    : { 'cache-control': `private, ${caching}` };
}
