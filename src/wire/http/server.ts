import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { AccessTokens } from '../../application/access-tokens.ts';
import type { Context } from '../../application/context.ts';
import { ServiceKeys } from '../../application/services.ts';
import { CodeDesk } from '../../application/validate-code.ts';
import { isRefusal, refuse, StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { clientNetwork, isLoopback, Networks, plainAddress } from '../tcp/address.ts';
import { Failures } from '../tcp/failures.ts';
import type { TlsFiles } from '../tcp/tls-credentials.ts';
import { clientAddress } from './client-address.ts';
import { answerClientError } from './client-error.ts';
import { CrossOrigin } from './cors.ts';
import { Cursors } from './cursor.ts';
import { documents } from './documents.ts';
import { type EventStreamLimits, EventStreams } from './event-streams.ts';
import { admitting, handling, type Refuser, refuser } from './exchange.ts';
import { refusalOf } from './failure.ts';
import { Health } from './health.ts';
import { parseBody } from './json-body.ts';
import { Metrics, type TcpFigures } from './metrics.ts';
import type { HttpLogger, HttpParts } from './parts.ts';
import { PathMethods } from './path-methods.ts';
import { RefusedRequest } from './refused-request.ts';
import { ROUTES } from './routes.ts';
import { readTlsMaterial, type TlsMaterial } from './tls.ts';
import { typeboxCompiler } from './validation.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0: any free one */
  readonly port: number;
  readonly tls?: TlsFiles;
  /** Whether passwords and tokens may cross a network that is not this machine in the clear. */
  readonly plaintextAllowed?: boolean;
  /** Addresses and networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  readonly proxyTrusted?: readonly string[];
  readonly corsOrigins?: readonly string[];
  readonly metricsPublic?: boolean;
  readonly context: Context;
  readonly logIn: HttpParts['logIn'];
  readonly logger: HttpLogger;
  readonly tcp?: TcpFigures;
  readonly limits?: HttpLimits;
}

/** Bounds that tests cross at smaller values. */
export interface HttpLimits {
  readonly headersTimeMs?: number;
  readonly requestTimeMs?: number;
  readonly streams?: Partial<EventStreamLimits>;
}

export interface HttpServer {
  readonly parts: HttpParts;
  address(): AddressInfo;
  /** Stops accepting, answers what was accepted, ends streams and waits; after `drainMs` it waits for nobody. */
  stop(drainMs?: number): Promise<void>;
  /** Reads certificate and key again, for connections to come. @returns whether they are in use; else the old ones are */
  reloadTls(): Promise<boolean>;
}

/** @throws StartRefused when it cannot or must not listen there */
export async function startHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { host, port, plaintextAllowed = false } = options;
  if (!options.tls && !plaintextAllowed && !isLoopback(host)) {
    throw new StartRefused(
      `HTTP on ${host} would carry passwords in the clear: set tls_cert_file and tls_key_file, or set http_plaintext_allowed: true if the network is trusted`,
    );
  }
  const tls = options.tls && (await readTlsMaterial(options.tls));
  const listener = new Listener(options, await makeParts(options), tls);
  await listener.listen(host, port);
  return listener;
}

async function makeParts({
  context,
  logIn,
  metricsPublic = false,
  limits = {},
}: HttpOptions): Promise<HttpParts> {
  return {
    context,
    logIn,
    accessTokens: new AccessTokens(context),
    serviceKeys: new ServiceKeys(context),
    codeDesk: new CodeDesk(context),
    cursors: await Cursors.open(context),
    eventStreams: new EventStreams(limits.streams),
    health: new Health(context),
    metrics: new Metrics(context),
    waiting: { count: 0 },
    metricsPublic,
  };
}

const COMMON_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;
const TLS_HEADERS = { ...COMMON_HEADERS, 'strict-transport-security': 'max-age=31536000' } as const;
const DOCS_POLICY =
  "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const DRAIN_LOOK_MS = 50;
const BACKLOG = 1_024;
/** Longer than any wait and than the pause between heartbeats. */
const SILENT_SOCKET_MS = LIMITS.waitMsMax * 2;

class Listener implements HttpServer {
  readonly parts: HttpParts;
  readonly #options: HttpOptions;
  readonly #server: Server;
  readonly #app: FastifyInstance;
  readonly #trusted: Networks;
  readonly #cors: CrossOrigin;
  readonly #refused: Refuser;
  readonly #failures: Failures;
  readonly #methods = new PathMethods(ROUTES);
  readonly #stopped = new AbortController();
  readonly #sockets = new Map<string, number>();
  readonly #idPrefix = randomBytes(6).toString('hex');
  #requests = 0;
  #connections = 0;
  #stopping: Promise<void> | undefined;

  constructor(options: HttpOptions, parts: HttpParts, tls: TlsMaterial | undefined) {
    this.#options = options;
    this.parts = parts;
    this.#trusted = new Networks(options.proxyTrusted ?? []);
    this.#cors = new CrossOrigin(options.corsOrigins ?? []);
    this.#refused = refuser(parts, options.logger);
    this.#failures = new Failures(options.logger, { failures: 0 });
    let made: Server | undefined;
    this.#app = fastify({
      serverFactory: (handler) => {
        made = this.#makeServer(handler, tls);
        return made;
      },
      logger: false,
      bodyLimit: LIMITS.httpBodyBytesMax,
      genReqId: () => this.#nextId(),
      requestIdHeader: false,
      exposeHeadRoutes: false,
      return503OnClosing: false,
      routerOptions: { maxParamLength: LIMITS.pathParameterLengthMax },
      frameworkErrors: (error, request, reply) => {
        this.#begin(request, reply);
        return this.#refused(
          request,
          reply,
          refusalOf(error, this.#failures, request.id),
        ) as unknown as undefined;
      },
    });
    if (!made) throw new Error('fastify made no server');
    this.#server = made;
    this.#build();
    parts.metrics.attach({
      eventStreams: parts.eventStreams,
      waiting: parts.waiting,
      connections: () => this.#connections,
      ...(options.tcp ? { tcp: options.tcp } : {}),
    });
  }

  address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  async listen(host: string, port: number): Promise<void> {
    try {
      await this.#app.listen({ host, port, backlog: BACKLOG });
    } catch (error) {
      await this.#app.close();
      throw new StartRefused(`HTTP cannot listen on ${host} port ${port}: ${listenReason(error)}`);
    }
  }

  stop(drainMs: number = LIMITS.drainTimeMs): Promise<void> {
    this.#stopping ??= this.#stop(drainMs);
    return this.#stopping;
  }

  async reloadTls(): Promise<boolean> {
    const { tls, logger } = this.#options;
    if (!tls || !('setSecureContext' in this.#server)) return false;
    try {
      const material = await readTlsMaterial(tls);
      (this.#server as Server & { setSecureContext(material: TlsMaterial): void }).setSecureContext(material);
      logger.info({}, 'HTTPS certificate reloaded');
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.error({ reason }, 'HTTPS certificate not reloaded: the one in use stays');
      return false;
    }
  }

  #makeServer(handler: RequestListener, tls: TlsMaterial | undefined): Server {
    const { headersTimeMs = LIMITS.httpHeadersTimeMs, requestTimeMs = LIMITS.httpRequestTimeMs } =
      this.#options.limits ?? {};
    const bounds = {
      maxHeaderSize: LIMITS.httpHeaderBytesMax,
      headersTimeout: headersTimeMs,
      requestTimeout: requestTimeMs,
      keepAliveTimeout: LIMITS.httpKeepAliveTimeMs,
      connectionsCheckingInterval: Math.min(1_000, Math.ceil(headersTimeMs / 4)),
      insecureHTTPParser: false,
      requireHostHeader: true,
      noDelay: true,
    };
    const server = tls
      ? createTlsServer(
          { ...bounds, ...tls, handshakeTimeout: LIMITS.tlsHandshakeTimeMs, ALPNProtocols: ['http/1.1'] },
          handler,
        )
      : createServer(bounds, handler);
    server.maxRequestsPerSocket = LIMITS.httpRequestsPerConnectionMax;
    server.maxConnections = LIMITS.httpConnectionsMax;
    server.timeout = SILENT_SOCKET_MS;
    server.on('connection', (socket: Socket) => this.#count(socket));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const code = answerClientError(error, socket as Socket, this.#nextId());
      if (code) this.parts.metrics.countRefusal(code);
    });
    // Expect: 100-continue alone is answered by Node; others are refused rather than ignored.
    server.on('checkExpectation', (_request, response) => {
      response.writeHead(417, { connection: 'close' }).end();
    });
    return server;
  }

  /** An address of its own may not take all connections; a trusted proxy carries many clients' ones. */
  #count(socket: Socket): void {
    const peer = plainAddress(socket.remoteAddress ?? '');
    const network = clientNetwork(peer);
    const taken = this.#sockets.get(network) ?? 0;
    if (taken >= LIMITS.connectionsPerAddressMax && !this.#trusted.includes(peer)) {
      socket.destroy();
      return;
    }
    this.#connections++;
    this.#sockets.set(network, taken + 1);
    socket.once('close', () => {
      this.#connections--;
      const left = (this.#sockets.get(network) ?? 1) - 1;
      if (left === 0) this.#sockets.delete(network);
      else this.#sockets.set(network, left);
    });
  }

  #nextId(): string {
    this.#requests++;
    return `${this.#idPrefix}-${this.#requests.toString(36)}`;
  }

  #build(): void {
    const app = this.#app;
    const { logger } = this.#options;
    const { metrics } = this.parts;
    app.setValidatorCompiler(typeboxCompiler as never);
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, bytes, done) => {
      const parsed = parseBody(bytes as Buffer);
      if (isRefusal(parsed)) done(new RefusedRequest(parsed));
      else done(null, parsed.value);
    });
    app.decorateRequest('exchange');
    app.addHook('onRequest', (request, reply, done) => {
      this.#begin(request, reply);
      // Node reads HTTP/0.9, whose answers have neither status nor end.
      if (request.raw.httpVersionMajor !== 1) {
        reply.header('connection', 'close');
        void this.#refused(request, reply, refuse('message_invalid', { detail: 'HTTP/1.1' }));
        return;
      }
      if (!this.#stopped.signal.aborted) return done();
      reply.header('connection', 'close');
      void this.#refused(request, reply, refuse('shutting_down', { retryAfterMs: 1_000 }));
    });
    app.addHook('onResponse', (request, reply, done) => {
      const ms = performance.now() - request.exchange.startedAt;
      const url = request.routeOptions.url ?? '';
      metrics.observe(request.method, url, reply.statusCode, ms / 1000);
      logger.debug(
        { request_id: request.id, method: request.method, route: url, status: reply.statusCode, ms },
        'request answered',
      );
      done();
    });
    app.setErrorHandler((error, request, reply) => {
      const refusal = refusalOf(error, this.#failures, request.id);
      // What is left of a body that was not read would be taken for the next request.
      if (refusal.refused === 'line_too_long') reply.header('connection', 'close');
      return this.#refused(request, reply, refusal);
    });
    app.setNotFoundHandler((request, reply) => {
      const methods = this.#methods.of(request.exchange.path);
      if (methods.length === 0) return this.#refused(request, reply, refuse('resource_unknown'));
      reply.header('allow', methods.join(', '));
      const origin = this.#cors.headers(request.headers.origin);
      if (request.method === 'OPTIONS' && origin) {
        return reply.code(204).headers(this.#cors.preflight(methods)).send();
      }
      return this.#refused(request, reply, refuse('method_not_allowed', { detail: methods.join(', ') }));
    });
    for (const route of ROUTES) {
      const { params, query, body } = route;
      app.route({
        method: route.method,
        url: route.path.replace(/\{([a-z_]+)\}/g, ':$1'),
        schema: { querystring: query, ...(params ? { params } : {}), ...(body ? { body } : {}) },
        onRequest: admitting(route, this.parts, this.#refused),
        handler: handling(route, this.parts, this.#refused, this.#stopped.signal),
      });
    }
    for (const { path, contentType, text } of documents()) {
      app.get(path, (_request, reply) =>
        reply
          .type(contentType)
          .headers({ 'cache-control': 'no-cache', 'content-security-policy': DOCS_POLICY })
          .send(text),
      );
    }
  }

  #begin(request: Parameters<Refuser>[0], reply: Parameters<Refuser>[1]): void {
    const { headers, socket, raw } = request;
    const peer = plainAddress(socket.remoteAddress ?? '');
    const client = clientAddress(peer, headers['x-forwarded-for'], this.#trusted);
    const url = raw.url ?? '';
    const query = url.indexOf('?');
    const encrypted = 'encrypted' in socket;
    request.exchange = {
      startedAt: performance.now(),
      client,
      address: clientNetwork(client),
      secure: encrypted || (headers['x-forwarded-proto'] === 'https' && this.#trusted.includes(peer)),
      path: query < 0 ? url : url.slice(0, query),
      caller: undefined,
      idempotencyKey: undefined,
    };
    reply.headers(encrypted ? TLS_HEADERS : COMMON_HEADERS);
    reply.header('x-request-id', request.id);
    if (this.#cors.off) return;
    const cors = this.#cors.headers(headers.origin);
    if (cors) reply.headers({ ...cors, 'cross-origin-resource-policy': 'cross-origin' });
  }

  async #stop(drainMs: number): Promise<void> {
    this.parts.health.stopping = true;
    this.#stopped.abort();
    this.parts.eventStreams.closeAll();
    // A connection that has had its answer is kept alive by nobody any more.
    const look = setInterval(() => this.#server.closeIdleConnections(), DRAIN_LOOK_MS);
    const late = setTimeout(() => this.#server.closeAllConnections(), drainMs);
    try {
      await this.#app.close();
    } finally {
      clearInterval(look);
      clearTimeout(late);
    }
  }
}

function listenReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return 'the port is in use; choose another by http_port';
  if (code === 'EACCES') return 'it needs a right that this user has not; choose a port above 1023';
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return 'this machine has no such address; correct http_host';
  return error instanceof Error ? error.message : String(error);
}
