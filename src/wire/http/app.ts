import type { RequestListener, Server } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { clientNetwork, type Networks, plainAddress } from '../../net/address.ts';
import type { Failures } from '../failures.ts';
import { clientAddress } from './client-address.ts';
import type { CrossOrigin } from './cors.ts';
import { type Document, documents } from './documents.ts';
import { type Answering, admitting, handling, observer, type Refuser, refuser } from './exchange.ts';
import { refusalOf } from './failure.ts';
import { parseBody } from './json-body.ts';
import type { HttpLogger, HttpParts } from './parts.ts';
import { PathMethods } from './path-methods.ts';
import { RefusedRequest } from './refused-request.ts';
import { responseHeaders } from './response-headers.ts';
import type { Route } from './route.ts';
import { ROUTES } from './routes.ts';
import { typeboxCompiler } from './validation.ts';
import type { WebPages } from './web.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of a route that writes its own response. */
    api?: true;
  }
}

export interface AppOptions {
  readonly parts: HttpParts;
  readonly logger: HttpLogger;
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
  "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** Every route on Fastify, from a request's first byte to its answer: nothing listens yet. */
export function makeApp(options: AppOptions): FastifyInstance {
  const observe = observer(options.parts, options.logger);
  const answering = { cors: options.cors, stopping: options.stopping, observe };
  const refused = refuser(options.parts, answering, options.logger);
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
      return refused(request, reply, refusalOf(error, options.failures, request.id)) as unknown as undefined;
    },
  });
  app.setValidatorCompiler(typeboxCompiler as never);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, bytes, done) => {
    const parsed = parseBody(bytes as Buffer);
    if (isRefusal(parsed)) done(new RefusedRequest(parsed));
    else done(null, parsed.value);
  });
  addHooks(app, options, refused);
  const published = documents();
  addErrorAnswers(app, options, refused, published);
  addRoutes(app, options.parts, answering, refused);
  addDocuments(app, published);
  return app;
}

function addHooks(app: FastifyInstance, options: AppOptions, refused: Refuser): void {
  app.decorateRequest('exchange');
  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply, options);
    const refusal = refusalAtOnce(request, options.stopping);
    if (!refusal) return done();
    reply.header('connection', 'close');
    void refused(request, reply, refusal);
  });
}

function refusalAtOnce(request: FastifyRequest, stopping: AbortSignal): Refusal | undefined {
  // Node reads HTTP/0.9, whose answers have neither status nor end.
  if (request.raw.httpVersionMajor !== 1) return refuse('message_invalid', { detail: 'HTTP/1.1' });
  const { rawHeaders, httpVersionMinor } = request.raw;
  const hosts = hostFields(rawHeaders);
  if (hosts > 1 || (hosts === 0 && httpVersionMinor > 0))
    return refuse('message_invalid', { detail: 'Host' });
  return stopping.aborted ? refuse('shutting_down', { retryAfterMs: 1_000 }) : undefined;
}

/** RFC 9112 section 3.2: of two, a proxy may have gone by the other. Names and values by turns. */
function hostFields(rawHeaders: readonly string[]): number {
  let fields = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') fields++;
  }
  return fields;
}

function addErrorAnswers(
  app: FastifyInstance,
  options: AppOptions,
  refused: Refuser,
  published: readonly Document[],
): void {
  const { cors, failures } = options;
  const paths = new PathMethods([
    ...ROUTES.map((route) => ({ path: route.path, methods: methodsOf(route) })),
    ...published.map(({ path }) => ({ path, methods: ['GET'] })),
  ]);
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error, failures, request.id);
    // What is left of a body that was not read would be taken for the next request.
    if (refusal.refused === 'line_too_long') reply.header('connection', 'close');
    return refused(request, reply, refusal);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const methods = paths.of(request.exchange.path);
    const page = methods.length === 0 ? await pageFor(request, options) : undefined;
    if (page) return reply.code(page.status).headers(page.headers).send(page.bytes);
    if (methods.length === 0) return refused(request, reply, refuse('resource_unknown'));
    reply.header('allow', methods.join(', '));
    const origin = cors.headers(request.headers.origin);
    if (request.method === 'OPTIONS' && origin) {
      return reply.code(204).headers(cors.preflight(methods)).send();
    }
    return refused(request, reply, refuse('method_not_allowed', { detail: methods.join(', ') }));
  });
}

function pageFor({ method, exchange, headers }: FastifyRequest, { web }: AppOptions) {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  return web.answer(exchange.path, {
    acceptEncoding: `${headers['accept-encoding'] ?? ''}`,
    ifNoneMatch: headers['if-none-match'],
  });
}

function addRoutes(app: FastifyInstance, parts: HttpParts, answering: Answering, refused: Refuser): void {
  for (const route of ROUTES) {
    const { params, query, body } = route;
    app.route({
      method: methodsOf(route),
      config: { api: true },
      url: route.path.replace(/\{([a-z_]+)\}/g, ':$1'),
      schema: { querystring: query, ...(params ? { params } : {}), ...(body ? { body } : {}) },
      onRequest: admitting(route, parts, refused),
      handler: handling(route, parts, refused, answering),
    });
  }
}

/** What anyone may read can be asked for without its content: by those who watch whether a server lives. */
function methodsOf({ method, caller }: Pick<Route, 'method' | 'caller'>): string[] {
  return method === 'GET' && caller === 'anyone' ? ['GET', 'HEAD'] : [method];
}

function addDocuments(app: FastifyInstance, published: readonly Document[]): void {
  for (const { path, contentType, text } of published) {
    app.get(path, (_request, reply) =>
      reply
        .type(contentType)
        .headers({ 'cache-control': 'no-cache', 'content-security-policy': DOCS_POLICY })
        .send(text),
    );
  }
}

function begin(request: FastifyRequest, reply: FastifyReply, { trusted, cors }: AppOptions): void {
  const { headers, socket, raw } = request;
  const peer = plainAddress(socket.remoteAddress ?? '');
  const client = clientAddress(peer, headers['x-forwarded-for'], trusted);
  const url = raw.url ?? '';
  const query = url.indexOf('?');
  request.exchange = {
    startedAt: performance.now(),
    client,
    address: clientNetwork(client),
    secure: 'encrypted' in socket || (headers['x-forwarded-proto'] === 'https' && trusted.includes(peer)),
    path: query < 0 ? url : url.slice(0, query),
    caller: undefined,
    idempotencyKey: undefined,
  };
  // An answer of the API brings its own.
  if (!request.routeOptions.config.api) reply.headers(responseHeaders(request, cors));
}
