import type { FastifyReply, FastifyRequest } from 'fastify';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { ERRORS } from '../errors.ts';
import { admit, authenticate, type Caller } from './caller.ts';
import { idempotencyKey } from './idempotency.ts';
import type { HttpLogger, HttpParts } from './parts.ts';
import { problemHeaders, problemOf } from './problem.ts';
import type { Answer, Route } from './route.ts';

/** What is known of a request before its route is looked at. */
export interface Exchange {
  readonly startedAt: number;
  readonly client: string;
  readonly address: string;
  readonly secure: boolean;
  readonly path: string;
  caller: Caller | undefined;
  idempotencyKey: string | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    exchange: Exchange;
  }
}

/** Who asks and whether they may, before any of the body is read. */
export function admitting(route: Route, parts: HttpParts, refused: Refuser) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { exchange, headers } = request;
    const settle = (caller: Caller | Refusal | undefined) => {
      const refusal = admit(route.caller, route.scope, caller) ?? preconditionOf(route, exchange, headers);
      if (refusal) return void refused(request, reply, refusal);
      if (caller !== undefined && !isRefusal(caller)) exchange.caller = caller;
      done();
    };
    const { method, caller: kind } = route;
    const caller =
      kind === 'anyone' ? undefined : authenticate(parts, { method, headers, secure: exchange.secure });
    if (caller instanceof Promise) caller.then(settle, (error: unknown) => void reply.send(error));
    else settle(caller);
  };
}

function preconditionOf(
  route: Route,
  exchange: Exchange,
  headers: FastifyRequest['headers'],
): Refusal | undefined {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return refuse('content_type_unsupported');
  if (!route.repeatable) return undefined;
  const key = idempotencyKey(headers['idempotency-key']);
  if (isRefusal(key)) return key;
  exchange.idempotencyKey = key;
  return undefined;
}

/** Runs the route and answers. @param stopping aborts when the server stops */
export function handling(route: Route, parts: HttpParts, refused: Refuser, stopping: AbortSignal) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { exchange, headers } = request;
    const answer = await route.handle(
      {
        params: request.params as Record<string, never>,
        query: request.query as Record<string, never>,
        body: request.body,
        caller: exchange.caller as never,
        client: exchange.client,
        address: exchange.address,
        path: exchange.path,
        secure: exchange.secure,
        headers,
        idempotencyKey: exchange.idempotencyKey,
        gone: () => goneSignal(reply, stopping),
      },
      parts,
    );
    if (isRefusal(answer)) return refused(request, reply, answer);
    return respond(reply, answer);
  };
}

function goneSignal(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, stopping]);
}

function respond(reply: FastifyReply, answer: Answer): FastifyReply {
  if ('takeOver' in answer) {
    const headers = reply.getHeaders() as Record<string, string>;
    reply.hijack();
    answer.takeOver(reply.raw, headers);
    return reply;
  }
  reply.code(answer.status);
  if (answer.headers) reply.headers(answer.headers);
  if ('text' in answer) return reply.type(answer.contentType).send(answer.text);
  return reply.send(answer.body);
}

export type Refuser = (
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
) => Promise<FastifyReply>;

/** Answers refusals, and counts what they cost the caller's address. */
export function refuser({ context, metrics }: HttpParts, logger: HttpLogger): Refuser {
  return async (request, reply, first) => {
    let refusal = first;
    if (ERRORS[refusal.refused].counts !== 'no') {
      const { address } = request.exchange;
      const wait = await context.rateLimiter.take(`error/${address}`, context.settings.rateLimits.errors);
      if (wait > 0) refusal = refuse('rate_limited', { retryAfterMs: wait });
    }
    metrics.countRefusal(refusal.refused);
    const { id, headers } = request;
    logger.debug({ request_id: id, method: request.method, refused: refusal.refused }, 'request refused');
    const language = headers['accept-language'];
    return reply
      .code(ERRORS[refusal.refused].http)
      .headers(problemHeaders(refusal, language))
      .send(JSON.stringify(problemOf(refusal, language, id)));
  };
}
