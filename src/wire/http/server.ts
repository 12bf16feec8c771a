import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { CodeValidator } from '../../application/codes/validate-code.ts';
import type { Context } from '../../application/context.ts';
import { JournalVerification } from '../../application/journal/journal-verification.ts';
import { ServiceEvents } from '../../application/journal/service-events.ts';
import { ServiceKeys } from '../../application/services/services.ts';
import { AccessTokens } from '../../application/sessions/access-tokens.ts';
import { Overview } from '../../application/upkeep/overview.ts';
import { FirstAdministrator } from '../../application/users/first-administrator.ts';
import { StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { isLoopback, Networks } from '../../net/address.ts';
import type { TlsFiles } from '../../net/tls-credentials.ts';
import { Failures } from '../failures.ts';
import { makeApp } from './app.ts';
import { CrossOrigin } from './cors.ts';
import { Cursors } from './cursor.ts';
import { ErrorLimit } from './error-limit.ts';
import { type EventStreamLimits, EventStreams } from './event-streams.ts';
import { Health } from './health.ts';
import type { Laboratory } from './laboratory.ts';
import { Metrics, type TcpFigures } from './metrics.ts';
import type { HttpLogger, HttpParts, SettingInForce } from './parts.ts';
import { type SocketBounds, Sockets } from './sockets.ts';
import { readTlsMaterial, type TlsMaterial } from './tls.ts';
import { WaitQuota } from './wait-quota.ts';
import { WebPages } from './web.ts';

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
  /** Where browsers reach this server; by default this machine's name for itself, and the port. */
  readonly publicUrl?: string | null;
  /** The folder of the built pages. */
  readonly webFolder?: string;
  readonly settingsInForce?: readonly SettingInForce[];
  readonly laboratory?: () => Laboratory | undefined;
  readonly limits?: HttpLimits;
}

/** Bounds that tests cross at smaller values. */
export interface HttpLimits extends SocketBounds {
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

type PartsBeforeServer = Omit<HttpParts, 'site' | 'traffic'>;

async function makeParts({
  context,
  logIn,
  metricsPublic = false,
  settingsInForce = [],
  laboratory = () => undefined,
  limits = {},
}: HttpOptions): Promise<PartsBeforeServer> {
  const cursors = new Cursors(context);
  // Known as soon as can be, so that lists can be read whatever becomes of the vault.
  await cursors.ready().catch(() => undefined);
  return {
    context,
    logIn,
    firstAdministrator: await FirstAdministrator.offer(context),
    accessTokens: new AccessTokens(context),
    serviceKeys: new ServiceKeys(context),
    codeDesk: new CodeValidator(context),
    cursors,
    eventStreams: new EventStreams(limits.streams),
    serviceEvents: new ServiceEvents(context),
    errorLimit: new ErrorLimit(context.rateLimiter, context.settings.rateLimits.errors),
    health: new Health(context),
    metrics: new Metrics(context),
    overview: new Overview(context),
    verification: new JournalVerification(context),
    settingsInForce,
    laboratory,
    exporting: { count: 0 },
    waiting: new WaitQuota(),
    metricsPublic,
  };
}

const DRAIN_LOOK_MS = 50;
const BACKLOG = 1_024;

class Listener implements HttpServer {
  readonly parts: HttpParts;
  readonly #options: HttpOptions;
  readonly #server: Server;
  readonly #app: FastifyInstance;
  readonly #stopped = new AbortController();
  #stopping: Promise<void> | undefined;

  constructor(options: HttpOptions, given: PartsBeforeServer, tls: TlsMaterial | undefined) {
    this.#options = options;
    const { logger, proxyTrusted = [], corsOrigins = [], limits = {}, tcp } = options;
    const trusted = new Networks(proxyTrusted);
    const nextId = requestIds();
    const sockets = new Sockets({
      ...{ bounds: limits, trusted, nextId },
      onRefused: (code) => given.metrics.countRefusal(code),
    });
    const origin = () => options.publicUrl ?? this.#localOrigin();
    const parts: HttpParts = {
      ...given,
      site: {
        get origin() {
          return origin();
        },
      },
      traffic: { http: () => sockets.connections, tcp: () => tcp?.connections ?? 0 },
    };
    this.parts = parts;
    let made: Server | undefined;
    this.#app = makeApp({
      ...{ parts, logger, nextId, trusted },
      web: new WebPages(options.webFolder),
      cors: new CrossOrigin(corsOrigins),
      failures: new Failures(logger, { failures: 0 }),
      stopping: this.#stopped.signal,
      serverFactory: (handler) => {
        made = sockets.makeServer(handler, tls);
        return made;
      },
    });
    if (!made) throw new Error('fastify made no server');
    this.#server = made;
    parts.metrics.attach({
      eventStreams: parts.eventStreams,
      waiting: parts.waiting,
      connections: () => sockets.connections,
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

  /** WebAuthn knows `localhost` and no address, and browsers take it for secure without TLS. */
  #localOrigin(): string {
    return `${this.#options.tls ? 'https' : 'http'}://localhost:${this.address().port}`;
  }

  async #stop(drainMs: number): Promise<void> {
    this.parts.health.stopping = true;
    this.#stopped.abort();
    this.parts.eventStreams.closeAll();
    this.parts.verification.stop();
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

/** A name for each request, by which logs and answers are put together: this process's own, and a number. */
function requestIds(): () => string {
  const prefix = randomBytes(6).toString('hex');
  let requests = 0;
  return () => `${prefix}-${(++requests).toString(36)}`;
}

function listenReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return 'the port is in use; choose another by http_port';
  if (code === 'EACCES') return 'it needs a right that this user has not; choose a port above 1023';
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return 'this machine has no such address; correct http_host';
  return error instanceof Error ? error.message : String(error);
}
