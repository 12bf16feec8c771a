import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { refuse, StartRefused } from '../../domain/errors.ts';
import { LIMITS, type Limits } from '../../limits.ts';
import { clientNetwork, isLoopback, Networks, plainAddress } from '../../net/address.ts';
import { loadTlsMaterial, readTlsMaterial, type TlsFiles } from '../../net/tls.ts';
import type { Logger } from '../../ports/logger.ts';
import { Failures } from '../failures.ts';
import { listenReason } from '../listen-reason.ts';
import { reloadCertificate } from '../reload-certificate.ts';
import { refusalAnswer } from './answer.ts';
import { Connection, type Shared } from './connection.ts';
import { ConnectionQuota } from './connection-quota.ts';
import { countRefusal, makeTcpCounters, type TcpCounters } from './counters.ts';
import { MessageReader } from './message.ts';
import { takeProxyHeader } from './proxy-header.ts';
import type { TcpServices } from './services.ts';
import { acceptTls } from './tls-handshake.ts';

export interface TcpOptions {
  readonly host: string;
  /** 0: any free one */
  readonly port: number;
  readonly tls?: TlsFiles;
  /** Whether passwords and sessions may cross a network that is not this machine in the clear. */
  readonly plaintextAllowed?: boolean;
  /** Addresses and networks of the proxies that must begin each connection with a PROXY protocol header. */
  readonly proxyTrusted?: readonly string[];
  readonly services: TcpServices;
  readonly logger: Logger;
  readonly limits?: Partial<Limits>;
  readonly counters?: TcpCounters;
}

export interface TcpServer {
  readonly counters: TcpCounters;
  /** Open connections, and those among them that nobody has logged in on. */
  readonly connections: number;
  readonly connectionsBeforeLogIn: number;
  address(): AddressInfo;
  /** Stops accepting, answers what was accepted, closes; after `drainMs` it waits for nobody. */
  stop(drainMs?: number): Promise<void>;
  /** Reads certificate and key again, for connections to come. @returns whether they are in use; else the old ones are */
  reloadTls(): Promise<boolean>;
}

/** @throws StartRefused when it cannot or must not listen there */
export async function startTcpServer(options: TcpOptions): Promise<TcpServer> {
  const { host, port, plaintextAllowed = false } = options;
  if (!options.tls && !plaintextAllowed && !isLoopback(host)) {
    throw new StartRefused(
      `TCP on ${host} would carry passwords in the clear: give tls_cert_file and tls_key_file, or allow it with tcp_plaintext_allowed: true if the network is trusted`,
    );
  }
  const tls = options.tls && createSecureContext(await loadTlsMaterial('TLS', options.tls));
  const listener = new Listener(options, new Networks(options.proxyTrusted ?? []), tls);
  await listener.listen(host, port);
  return listener;
}

const SWEEP_MS_MAX = 1_000;
const SWEEP_MS_MIN = 10;
const BACKLOG = 1_024;
const KEEP_ALIVE_MS = 60_000;
const RETRY_AFTER_MS = 1_000;

class Listener implements TcpServer {
  readonly counters: TcpCounters;
  readonly #server: Server;
  readonly #options: TcpOptions;
  readonly #limits: Limits;
  readonly #trusted: Networks;
  #secureContext: SecureContext | undefined;
  readonly #shared: Shared;
  readonly #seats: ConnectionQuota;
  readonly #connections = new Set<Connection>();
  /** Open sockets that are no connection yet, or were refused. */
  readonly #waiting = new Set<Socket>();
  #now = performance.now();
  #sweep: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: TcpOptions, trusted: Networks, secureContext: SecureContext | undefined) {
    this.counters = options.counters ?? makeTcpCounters();
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#trusted = trusted;
    this.#secureContext = secureContext;
    this.#seats = new ConnectionQuota(this.#limits);
    this.#shared = {
      services: options.services,
      limits: this.#limits,
      messages: new MessageReader(this.#limits),
      counters: this.counters,
      failures: new Failures(options.logger, this.counters),
      now: () => this.#now,
    };
    this.#server = createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
      (socket) => void this.#accept(socket),
    );
    // A connection beyond the bound is told so, unless there are too many of those as well.
    this.#server.maxConnections = this.#limits.connectionsMax + this.#limits.refusedConnectionsMax;
    this.#server.on('drop', () => this.counters.connectionsRefused++);
  }

  get connections(): number {
    return this.#seats.taken;
  }

  get connectionsBeforeLogIn(): number {
    return this.#seats.beforeLogIn;
  }

  address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  async listen(host: string, port: number): Promise<void> {
    this.#server.listen({ host, port, backlog: BACKLOG });
    try {
      await once(this.#server, 'listening');
    } catch (error) {
      throw new StartRefused(`TCP cannot listen on ${host} port ${port}: ${listenReason(error, 'tcp')}`);
    }
    this.#server.on('error', (error) =>
      this.#options.logger.error({ reason: error.message }, 'TCP listener'),
    );
    const { logInTimeMs, idleTimeMs, slowReaderTimeMs, lingerTimeMs } = this.#limits;
    const shortestMs = Math.min(logInTimeMs, idleTimeMs, slowReaderTimeMs, lingerTimeMs);
    const sweepMs = Math.max(SWEEP_MS_MIN, Math.min(SWEEP_MS_MAX, shortestMs / 8));
    this.#sweep = setInterval(() => {
      this.#now = performance.now();
      for (const connection of this.#connections) connection.expire(this.#now);
    }, sweepMs).unref();
  }

  stop(drainMs: number = this.#limits.drainTimeMs): Promise<void> {
    this.#stopping ??= this.#stop(drainMs);
    return this.#stopping;
  }

  async reloadTls(): Promise<boolean> {
    const { tls, logger } = this.#options;
    if (!tls) return false;
    return reloadCertificate('TLS', logger, async () => {
      this.#secureContext = createSecureContext(await readTlsMaterial(tls));
    });
  }

  async #accept(socket: Socket): Promise<void> {
    this.#track(socket);
    const peer = socket.remoteAddress;
    if (peer === undefined || this.#stopping) return void socket.destroy();
    const address = await this.#clientAddress(socket, plainAddress(peer));
    if (address === undefined || socket.destroyed) return void socket.destroy();

    const network = clientNetwork(address);
    const seat = this.#seats.take(network);
    if (!seat) return this.#refuse(socket);
    socket.once('close', () => seat.release());
    this.counters.connectionsAccepted++;
    const stream = this.#secureContext
      ? await acceptTls(socket, this.#secureContext, this.#limits.tlsHandshakeTimeMs)
      : socket;
    if (!stream) return void this.counters.tlsFailures++;

    const connection = new Connection(this.#shared, stream, seat, network);
    this.#waiting.delete(socket);
    this.#connections.add(connection);
    stream.once('close', () => {
      this.#connections.delete(connection);
      socket.destroy();
    });
  }

  /** Whom limits and records are about: what a trusted proxy says, else the peer itself. */
  async #clientAddress(socket: Socket, peer: string): Promise<string | undefined> {
    if (!this.#trusted.includes(peer)) return peer;
    const { proxyHeaderTimeMs: timeMs, proxyHeaderBytesMax: bytesMax } = this.#limits;
    const header = await takeProxyHeader(socket, { timeMs, bytesMax });
    if (header) return header.address ?? peer;
    // A proxy's health check may connect and say nothing.
    if (socket.bytesRead === 0) return undefined;
    this.counters.proxyHeadersRefused++;
    this.#options.logger.warn({ proxy: peer }, 'no valid PROXY protocol header from a trusted proxy');
    return undefined;
  }

  #refuse(socket: Socket): void {
    this.counters.connectionsRefused++;
    countRefusal(this.counters, 'connections_too_many');
    // Under TLS the answer would cost the handshake that the bound is there to save.
    if (this.#secureContext) return void socket.destroy();
    socket.end(refusalAnswer(refuse('connections_too_many', { retryAfterMs: RETRY_AFTER_MS }), undefined));
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), this.#limits.lingerTimeMs);
    socket.once('close', () => clearTimeout(timer));
  }

  #track(socket: Socket): void {
    this.#waiting.add(socket);
    // A lost connection is no news: what it leaves behind is settled on 'close'.
    socket.on('error', () => {});
    socket.once('close', () => this.#waiting.delete(socket));
  }

  async #stop(drainMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#waiting) socket.destroy();
    for (const connection of this.#connections) connection.stop();
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, drainMs);
    await closed;
    clearTimeout(timer);
    clearInterval(this.#sweep);
  }
}
