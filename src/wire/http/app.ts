import type { RequestListener, Server } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Networks } from '../../net/address.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Failures } from '../failures.ts';
import { parseBody } from '../json-body.ts';
import { admissionHook } from './admission.ts';
import type { CrossOrigin } from './cors.ts';
import type { HttpDependencies } from './dependencies.ts';
import { type Document, documents } from './documents.ts';
import { refusalOf } from './failure.ts';
import { PathMethods } from './path-methods.ts';
import { refusalSender, type SendRefusal } from './refusal-sender.ts';
import { RefusedRequest } from './refused-request.ts';
import { makeRequestContext } from './request-context.ts';
import { responseHeaders } from './response-headers.ts';
import { responseRecorder } from './response-recorder.ts';
import type { Route } from './route.ts';
import { type HandlerOptions, routeHandler } from './route-handler.ts';
import { ROUTES } from './routes.ts';
import { contentDigest } from './signature/content-digest.ts';
import { typeboxCompiler } from './validation.ts';
import type { WebPages } from './web.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set on routes of the API, whose handler writes its own response. */
    api?: true;
    /** Set on routes that read their body themselves. */
    rawBody?: true;
  }
}

export interface AppOptions {
  readonly dependencies: HttpDependencies;
  readonly logger: Logger;
  readonly serverFactory: (handler: RequestListener) => Server;
  readonly nextId: () => string;
  readonly trusted: Networks;
  readonly cors: CrossOrigin;
  readonly failures: Failures;
  readonly web: WebPages;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

const DOCS_POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/**
 * Puts every route on Fastify. Does not listen. A request passes, in this order:
 * 1. `onRequest` of all routes: builds its context and applies the refusals that do not depend on the route
 *    (`refusalAtOnce`);
 * 2. `onRequest` of its route: caller, access, header fields (`admissionHook`);
 * 3. the body's parser (`parseBody`) and the route's schemas (`typeboxCompiler`);
 * 4. the route (`routeHandler`), which sends the response or, as every step before it, a refusal (`refusalSender`).
 */
export function makeApp(options: AppOptions): FastifyInstance {
  const { dependencies, cors, logger, stopping } = options;
  const recordResponse = responseRecorder(dependencies.metrics, logger);
  const sendRefusal = refusalSender(dependencies, cors, recordResponse, logger);
  const app = fastify({
    serverFactory: options.serverFactory,
    logger: false,
    bodyLimit: LIMITS.httpBodyBytesMax,
    genReqId: options.nextId,
    requestIdHeader: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { maxParamLength: LIMITS.pathParameterLengthMax },
    frameworkErrors: (error, request, reply) => {
      begin(request, reply, options);
      const refusal = refusalOf(error, options.failures, request.id);
      return sendRefusal(request, reply, refusal) as unknown as undefined;
    },
  });
  app.setValidatorCompiler(typeboxCompiler as never);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    const altered = alteredBody(request, bytes as Buffer);
    if (altered) return done(altered);
    if (request.routeOptions.config.rawBody) return done(null, bytes);
    const parsed = parseBody(bytes as Buffer);
    if (isRefusal(parsed)) done(new RefusedRequest(parsed));
    else done(null, parsed.value);
  });
  // RFC 7516 section 9.2.3.
  app.addContentTypeParser('application/jose+json', { parseAs: 'buffer' }, (request, bytes, done) => {
    const altered = alteredBody(request, bytes as Buffer);
    if (altered) done(altered);
    else if (request.routeOptions.config.rawBody) done(null, bytes);
    else done(new RefusedRequest(refuse('content_type_unsupported')));
  });
  addHooks(app, options, sendRefusal);
  const published = documents();
  addErrorHandlers(app, options, sendRefusal, published);
  addRoutes(app, { dependencies, cors, sendRefusal, recordResponse, stopping });
  addDocuments(app, published);
  return app;
}

/** Of a signed request, whose signature covers the digest: whether its body is another. */
function alteredBody({ requestContext, headers }: FastifyRequest, bytes: Buffer): RefusedRequest | undefined {
  if (requestContext.signature === undefined || headers['content-digest'] === contentDigest(bytes))
    return undefined;
  return new RefusedRequest(refuse('content_digest_wrong'));
}

function addHooks(app: FastifyInstance, options: AppOptions, sendRefusal: SendRefusal): void {
  app.decorateRequest('requestContext');
  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply, options);
    const { connections } = options.dependencies;
    const refusal =
      refusalAtOnce(request, options.stopping) ??
      (connections.takeRequest(request.socket, request.requestContext.address, reply.raw)
        ? undefined
        : refuse('rate_limited', { retryAfterMs: 1_000 }));
    if (!refusal) return done();
    reply.header('connection', 'close');
    void sendRefusal(request, reply, refusal);
  });
}

function begin(request: FastifyRequest, reply: FastifyReply, { trusted, cors }: AppOptions): void {
  request.requestContext = makeRequestContext(request, trusted);
  // A route of the API sends its own header fields.
  if (!request.routeOptions.config.api) reply.headers(responseHeaders(request, cors));
}

function refusalAtOnce({ raw }: FastifyRequest, stopping: AbortSignal): Refusal | undefined {
  const { rawHeaders, httpVersionMajor, httpVersionMinor } = raw;
  // Node also reads HTTP/0.9, whose responses have neither status nor end.
  if (httpVersionMajor !== 1) return refuse('message_invalid', { detail: 'HTTP/1.1' });
  const hosts = countHostFields(rawHeaders);
  if (hosts > 1 || (hosts === 0 && httpVersionMinor > 0))
    return refuse('message_invalid', { detail: 'Host' });
  return stopping.aborted ? refuse('shutting_down', { retryAfterMs: 1_000 }) : undefined;
}

/**
 * Counts Host fields: of two, a proxy may have routed by the other (RFC 9112 section 3.2).
 * @param rawHeaders names and values, alternating
 */
function countHostFields(rawHeaders: readonly string[]): number {
  let fields = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') fields++;
  }
  return fields;
}

function addErrorHandlers(
  app: FastifyInstance,
  options: AppOptions,
  sendRefusal: SendRefusal,
  published: readonly Document[],
): void {
  const { cors, failures } = options;
  const paths = new PathMethods([
    ...ROUTES.map((route) => ({ ...route, methods: methodsOf(route) })),
    ...published.map(({ path }) => ({ path, methods: ['GET'] })),
  ]);
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error, failures, request.id);
    // Otherwise the unread rest of the body would be taken for the next request.
    if (refusal.refused === 'line_too_long') reply.header('connection', 'close');
    return sendRefusal(request, reply, refusal);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const methods = paths.of(request.requestContext.path);
    const page = methods.length === 0 ? await pageFor(request, options) : undefined;
    if (page) return reply.code(page.status).headers(page.headers).send(page.bytes);
    if (methods.length === 0) return sendRefusal(request, reply, refuse('resource_unknown'));
    reply.header('allow', methods.join(', '));
    const origin = cors.headers(request.headers.origin);
    if (request.method === 'OPTIONS' && origin) {
      return reply.code(204).headers(cors.preflight(methods)).send();
    }
    return sendRefusal(request, reply, refuse('method_not_allowed', { detail: methods.join(', ') }));
  });
}

function pageFor({ method, requestContext, headers }: FastifyRequest, { web }: AppOptions) {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  return web.answer(requestContext.path, {
    acceptEncoding: `${headers['accept-encoding'] ?? ''}`,
    ifNoneMatch: headers['if-none-match'],
  });
}

function addRoutes(app: FastifyInstance, options: HandlerOptions): void {
  for (const route of ROUTES) {
    const { params, query, body } = route;
    app.route({
      method: methodsOf(route),
      config: { api: true, ...(route.rawBody ? { rawBody: true as const } : {}) },
      ...(route.bodyBytesMax === undefined ? {} : { bodyLimit: route.bodyBytesMax }),
      url: route.restOfPath
        ? route.path.replace(/\{[a-z_]+\}$/, '*')
        : route.path.replace(/\{([a-z_]+)\}/g, ':$1'),
      schema: {
        querystring: query,
        ...(params && !route.restOfPath ? { params } : {}),
        ...(body && !route.rawBody ? { body } : {}),
      },
      onRequest: admissionHook(route, options.dependencies, options.sendRefusal),
      handler: routeHandler(route, options),
    });
  }
}

/** Public GET routes also answer HEAD, which monitors use to see whether a server lives. */
function methodsOf({ method, caller }: Pick<Route, 'method' | 'caller'>): string[] {
  return method === 'GET' && caller === 'anyone' ? ['GET', 'HEAD'] : [method];
}

function addDocuments(app: FastifyInstance, published: readonly Document[]): void {
  for (const { path, contentType, bytes } of published) {
    app.get(path, (_request, reply) =>
      reply
        .type(contentType)
        .headers({ 'cache-control': 'no-cache', 'content-security-policy': DOCS_POLICY })
        .send(bytes),
    );
  }
}
