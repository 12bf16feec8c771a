import type { FastifyReply, FastifyRequest } from 'fastify';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { checkAccess } from './access.ts';
import { authenticate } from './authenticate.ts';
import { type Caller, callerId, type UserCaller } from './caller.ts';
import type { HttpDependencies } from './dependencies.ts';
import { asksForFreshProof, checkFreshProof } from './fresh-proof.ts';
import { idempotencyKey } from './idempotency.ts';
import type { SendRefusal } from './refusal-sender.ts';
import type { RequestContext } from './request-context.ts';
import type { Route } from './route.ts';
import type { SerialConnection } from './serial-connection.ts';

const BUSY_RETRY_MS = 1_000;

/**
 * Fastify's `onRequest` hook of a route: authenticates the caller, checks that they may use the route, the header fields,
 * and of an administrator a fresh proof, all before any of the body is read.
 */
export function admissionHook(route: Route, dependencies: HttpDependencies, sendRefusal: SendRefusal) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { requestContext, headers } = request;
    const settle = (caller: Caller | Refusal | undefined) => {
      const refusal =
        checkAccess(route.caller, route.scope, caller, route.device) ??
        checkHeaders(route, requestContext, headers);
      if (refusal) return void sendRefusal(request, reply, refusal);
      if (caller !== undefined && !isRefusal(caller)) {
        requestContext.caller = caller;
        dependencies.connections.prove(request.socket);
        if (!holdsBody(route, caller, dependencies, request, reply))
          return void sendRefusal(request, reply, refuse('busy', { retryAfterMs: BUSY_RETRY_MS }));
        if (caller.kind === 'user' && asksForFreshProof(route)) return admitProven(caller);
      }
      done();
    };
    const admitProven = (caller: UserCaller) =>
      void checkFreshProof(dependencies, caller).then(
        (wanting) => (wanting ? void sendRefusal(request, reply, wanting) : done()),
        (error: unknown) => void reply.send(error),
      );
    const { method, caller: kind } = route;
    const { secure, address } = requestContext;
    const waitMs = dependencies.errorLimit.waitOf(address);
    const caller =
      kind === 'anyone'
        ? undefined
        : authenticate(dependencies, {
            ...{ method, headers, secure, waitMs, target: request.raw.url ?? '' },
            onSigned: (signature) => {
              requestContext.signature = signature;
            },
          });
    if (caller instanceof Promise) caller.then(settle, (error: unknown) => void reply.send(error));
    else settle(caller);
  };
}

/**
 * Takes a place for a body that may be long, until the request is answered, and lets it come slowly. One without a length counts
 * as the longest.
 * @returns false where the places are taken
 */
function holdsBody(
  { bodyBytesMax }: Route,
  caller: Caller,
  { bodies }: HttpDependencies,
  { headers, socket }: FastifyRequest,
  { raw }: FastifyReply,
): boolean {
  if (bodyBytesMax === undefined) return true;
  const length = Number(headers['content-length'] ?? bodyBytesMax);
  // Refused by its length, before any of it is read.
  if (!(length <= bodyBytesMax)) return true;
  const connection = socket as unknown as SerialConnection;
  const release = bodies.take(callerId(caller), length, {
    isSlow: () => connection.takesLong(performance.now(), LIMITS.httpRequestTimeMs),
    cut: () => connection.destroy(),
  });
  if (!release) return false;
  raw.once('close', release);
  connection.admitLongBody(LIMITS.httpLongBodyBytesPerSecondMin);
  return true;
}

/** Refuses encoded bodies, and takes the Idempotency-Key of a route that accepts one. */
function checkHeaders(
  route: Route,
  requestContext: RequestContext,
  headers: FastifyRequest['headers'],
): Refusal | undefined {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return refuse('content_type_unsupported');
  if (!route.repeatable) return undefined;
  const key = idempotencyKey(headers['idempotency-key']);
  if (isRefusal(key)) return key;
  requestContext.idempotencyKey = key;
  return undefined;
}
