import type { FastifyReply, FastifyRequest } from 'fastify';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { ERRORS } from '../errors.ts';
import { admit, authenticate, type Caller } from './caller.ts';
import type { CrossOrigin } from './cors.ts';
import { idempotencyKey } from './idempotency.ts';
import type { HttpLogger, HttpParts } from './parts.ts';
import { problemHeaders, problemOf } from './problem.ts';
import { responseHeaders } from './response-headers.ts';
import type { Route, WrittenAnswer } from './route.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

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
      const refusal =
        admit(route.caller, route.scope, caller, route.device) ?? preconditionOf(route, exchange, headers);
      if (refusal) return void refused(request, reply, refusal);
      if (caller !== undefined && !isRefusal(caller)) exchange.caller = caller;
      done();
    };
    const { method, caller: kind } = route;
    const { secure, address } = exchange;
    const waitMs = parts.errorLimit.waitOf(address);
    const caller = kind === 'anyone' ? undefined : authenticate(parts, { method, headers, secure, waitMs });
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

/** Told of each answer as it is sent; of one that goes on, when it has ended. */
export type Observer = (request: FastifyRequest, status: number) => void;

export function observer({ metrics }: HttpParts, logger: HttpLogger): Observer {
  return ({ id, method, exchange, routeOptions }, status) => {
    const ms = performance.now() - exchange.startedAt;
    const { url = '' } = routeOptions;
    metrics.observe(method, url, status, ms / 1000);
    logger.debug({ request_id: id, method, route: url, status, ms }, 'request answered');
  };
}

/** What answering needs of the server. */
export interface Answering {
  readonly cors: CrossOrigin;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
  readonly observe: Observer;
}

/** Runs the route and answers. */
export function handling(
  route: Route,
  parts: HttpParts,
  refused: Refuser,
  { cors, stopping, observe }: Answering,
) {
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
    const common = responseHeaders(request, cors);
    if ('takeOver' in answer) {
      reply.raw.once('close', () => observe(request, reply.raw.statusCode));
      answer.takeOver(reply.hijack().raw, common);
    } else {
      respond(reply, answer, common);
      observe(request, answer.status);
    }
    return reply;
  };
}

function goneSignal(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, stopping]);
}

/** Writes to the response itself: what Fastify does to an answer on its way, no route here has a use for. */
function respond(reply: FastifyReply, answer: WrittenAnswer, common: Record<string, string>): void {
  const headers: Record<string, string | number> = answer.headers ? { ...common, ...answer.headers } : common;
  const isText = 'text' in answer;
  const body = isText ? answer.text : answer.body === undefined ? '' : JSON.stringify(answer.body);
  if (body !== '') headers['content-type'] = isText ? answer.contentType : JSON_TYPE;
  if (answer.status !== 204) headers['content-length'] = Buffer.byteLength(body);
  const { raw } = reply.hijack();
  raw.writeHead(answer.status, headers);
  raw.end(body);
}

export type Refuser = (
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
) => Promise<FastifyReply>;

/** Answers refusals, and counts what they cost the caller's address. */
export function refuser(
  { errorLimit, metrics }: HttpParts,
  { cors, observe }: Pick<Answering, 'cors' | 'observe'>,
  logger: HttpLogger,
): Refuser {
  return async (request, reply, first) => {
    let refusal = first;
    if (ERRORS[refusal.refused].counts !== 'no') {
      const { address } = request.exchange;
      const wait = await errorLimit.take(address);
      if (wait > 0) refusal = refuse('rate_limited', { retryAfterMs: wait });
    }
    metrics.countRefusal(refusal.refused);
    const { id, headers } = request;
    const { http: status } = ERRORS[refusal.refused];
    logger.debug({ request_id: id, method: request.method, refused: refusal.refused }, 'request refused');
    observe(request, status);
    const language = headers['accept-language'];
    return reply
      .code(status)
      .headers({ ...responseHeaders(request, cors), ...problemHeaders(refusal, language) })
      .send(JSON.stringify(problemOf(refusal, language, id)));
  };
}
