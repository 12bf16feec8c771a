import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { isLoopback, Networks } from '../../net/address.ts';
import { loadTlsMaterial, type TlsFiles, type TlsMaterial } from '../../net/tls.ts';
import type { Logger } from '../../ports/logger.ts';
import { Failures } from '../failures.ts';
import { listenReason } from '../listen-reason.ts';
import { reloadCertificate } from '../reload-certificate.ts';
import { makeApp } from './app.ts';
import { type HttpConnectionLimits, HttpConnections } from './connections.ts';
import { CrossOrigin } from './cors.ts';
import { type DependencyOptions, type HttpDependencies, makeDependencies } from './dependencies.ts';
import type { EventStreamLimits } from './event-streams.ts';
import type { TcpFigures } from './metrics.ts';
import { type ConnectionFigures, type ConnectionLimits, makeNodeServer } from './node-server.ts';
import { WebPages } from './web.ts';

export interface HttpOptions extends DependencyOptions {
  readonly host: string;
  /** 0: any free one */
  readonly port: number;
  readonly tls?: TlsFiles;
  /** Whether passwords and tokens may cross a network in the clear. */
  readonly plaintextAllowed?: boolean;
  /** Addresses and networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  readonly proxyTrusted?: readonly string[];
  readonly corsOrigins?: readonly string[];
  readonly logger: Logger;
  readonly tcp?: TcpFigures;
  /** Where browsers reach this server; by default `localhost` and the port. */
  readonly publicUrl?: string | null;
  /** The folder of the built pages. */
  readonly webFolder?: string;
  readonly limits?: HttpLimits;
}

/** Bounds that tests cross at smaller values. */
export interface HttpLimits extends ConnectionLimits {
  readonly streams?: Partial<EventStreamLimits>;
  readonly connections?: Partial<HttpConnectionLimits>;
}

export interface HttpServer {
  readonly dependencies: HttpDependencies;
  readonly connections: ConnectionFigures;
  address(): AddressInfo;
  /** Stops accepting, answers what was accepted, ends streams and waits. Closes what is left after `drainMs`. */
  stop(drainMs?: number): Promise<void>;
  /** Reads certificate and key again, for new connections. @returns whether the new ones are in use */
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
  const tls = options.tls && (await loadTlsMaterial('HTTPS', options.tls));
  const dependencies = await makeDependencies(options, options.limits?.streams);
  const listener = new Listener(options, dependencies, tls);
  await listener.listen(host, port);
  return listener;
}

const DRAIN_LOOK_MS = 50;
const BACKLOG = 1_024;

class Listener implements HttpServer {
  readonly dependencies: HttpDependencies;
  readonly connections: ConnectionFigures;
  readonly #options: HttpOptions;
  readonly #server: Server;
  readonly #app: FastifyInstance;
  readonly #stopped = new AbortController();
  #stopping: Promise<void> | undefined;

  constructor(
    options: HttpOptions,
    given: Omit<HttpDependencies, 'site' | 'openConnections' | 'connections'>,
    tls: TlsMaterial | undefined,
  ) {
    this.#options = options;
    const { logger, proxyTrusted = [], corsOrigins = [], limits = {}, tcp } = options;
    const trusted = new Networks(proxyTrusted);
    const nextId = makeRequestIds();
    const connections = new HttpConnections(trusted, limits.connections);
    const origin = () => options.publicUrl ?? this.#localOrigin();
    this.dependencies = {
      ...given,
      site: {
        get origin() {
          return origin();
        },
      },
      connections,
      openConnections: { http: () => connections.count, tcp: () => tcp?.connections ?? 0 },
    };
    const { metrics, eventStreams, waiting } = this.dependencies;
    let made: { server: Server; figures: ConnectionFigures } | undefined;
    this.#app = makeApp({
      ...{ dependencies: this.dependencies, logger, nextId, trusted },
      web: new WebPages(options.webFolder),
      cors: new CrossOrigin(corsOrigins),
      failures: new Failures(logger, { failures: 0 }),
      stopping: this.#stopped.signal,
      serverFactory: (handler) => {
        made = makeNodeServer({
          ...{ handler, tls, connections, trusted, nextId, limits },
          onRefused: (code) => metrics.countRefusal(code),
        });
        return made.server;
      },
    });
    if (!made) throw new Error('fastify made no server');
    this.#server = made.server;
    this.connections = made.figures;
    metrics.attach({
      ...{ eventStreams, waiting, connections, figures: made.figures },
      ...(tcp ? { tcp } : {}),
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
      throw new StartRefused(`HTTP cannot listen on ${host} port ${port}: ${listenReason(error, 'http')}`);
    }
  }

  stop(drainMs: number = LIMITS.drainTimeMs): Promise<void> {
    this.#stopping ??= this.#stop(drainMs);
    return this.#stopping;
  }

  async reloadTls(): Promise<boolean> {
    const { tls, logger } = this.#options;
    if (!tls) return false;
    return reloadCertificate('HTTPS', logger, async () => {
      const server = this.#server as Server & { setSecureContext(material: TlsMaterial): void };
      server.setSecureContext(await loadTlsMaterial('HTTPS', tls));
    });
  }

  /** `localhost` rather than an address: WebAuthn accepts only names, and browsers treat it as secure without TLS. */
  #localOrigin(): string {
    return `${this.#options.tls ? 'https' : 'http'}://localhost:${this.address().port}`;
  }

  async #stop(drainMs: number): Promise<void> {
    const { health, eventStreams, verification } = this.dependencies;
    health.stopping = true;
    this.#stopped.abort();
    eventStreams.closeAll();
    verification.stop();
    // Keep-alive connections whose answer was sent are closed as they become idle.
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

/** Ids that connect an answer with the log's lines about its request: a random prefix of this process, and a number. */
function makeRequestIds(): () => string {
  const prefix = randomBytes(6).toString('hex');
  let requests = 0;
  return () => `${prefix}-${(++requests).toString(36)}`;
}
