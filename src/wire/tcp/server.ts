import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { refuse, StartRefused } from '../../domain/errors.ts';
import { LIMITS, type Limits } from '../../limits.ts';
import { clientNetwork, isLoopback, Networks, plainAddress } from '../../net/address.ts';
import { loadTlsMaterial, readTlsMaterial, type TlsFiles } from '../../net/tls.ts';
import type { Logger } from '../../ports/logger.ts';
import { Failures } from '../failures.ts';
import { HeldBytes } from '../held-bytes.ts';
import { listenReason } from '../listen-reason.ts';
import { reloadCertificate } from '../reload-certificate.ts';
import { refusalAnswer } from './answer.ts';
import { Connection, type ConnectionDependencies } from './connection.ts';
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
  /** Whether passwords and sessions may cross a network in the clear. */
  readonly plaintextAllowed?: boolean;
  /** Addresses and networks of the proxies, which must begin each connection with a PROXY protocol header. */
  readonly proxyTrusted?: readonly string[];
  readonly services: TcpServices;
  readonly logger: Logger;
  readonly limits?: Partial<Limits>;
  readonly counters?: TcpCounters;
}

export interface TcpServer {
  readonly counters: TcpCounters;
  /** Open connections. */
  readonly connections: number;
  /** Open connections on which nobody has logged in. */
  readonly connectionsBeforeLogIn: number;
  /** Bytes that all connections hold: messages that wait or are handled, and answers that are not sent. */
  readonly heldBytes: number;
  address(): AddressInfo;
  /** Stops accepting, answers what was accepted, closes. Destroys what is left after `drainMs`. */
  stop(drainMs?: number): Promise<void>;
  /** Reads certificate and key again, for new connections. @returns whether the new ones are in use */
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
  readonly #dependencies: ConnectionDependencies;
  readonly #quota: ConnectionQuota;
  readonly #connections = new Set<Connection>();
  /** Open sockets without a `Connection`: not admitted yet, or refused. */
  readonly #waiting = new Set<Socket>();
  /** Sockets that were answered a refusal and are not closed yet. */
  #refused = 0;
  #now = performance.now();
  #sweep: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: TcpOptions, trusted: Networks, secureContext: SecureContext | undefined) {
    this.counters = options.counters ?? makeTcpCounters();
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#trusted = trusted;
    this.#secureContext = secureContext;
    this.#quota = new ConnectionQuota(this.#limits);
    this.#dependencies = {
      services: options.services,
      limits: this.#limits,
      messages: new MessageReader(this.#limits),
      counters: this.counters,
      failures: new Failures(options.logger, this.counters),
      heldBytes: new HeldBytes(this.#limits.tcpHeldBytesMax),
      now: () => this.#now,
    };
    this.#server = createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
      (socket) => void this.#accept(socket),
    );
    // Connections beyond the bound are accepted, to take a place from a network of more or to be refused with a reason.
    this.#server.maxConnections = this.#limits.connectionsMax + 2 * this.#limits.refusedConnectionsMax;
    this.#server.on('drop', () => this.counters.connectionsRefused++);
  }

  get connections(): number {
    return this.#quota.taken;
  }

  get heldBytes(): number {
    return this.#dependencies.heldBytes.total;
  }

  get connectionsBeforeLogIn(): number {
    return this.#quota.beforeLogIn;
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

  /**
   * Admits a socket: finds the client's address behind a trusted proxy, takes a place in the quota, and performs the
   * TLS handshake. A `Connection` then serves it.
   */
  async #accept(socket: Socket): Promise<void> {
    this.#track(socket);
    const peer = socket.remoteAddress;
    if (peer === undefined || this.#stopping) return void socket.destroy();
    const address = await this.#clientAddress(socket, plainAddress(peer));
    if (address === undefined || socket.destroyed) return void socket.destroy();

    const network = clientNetwork(address);
    const lease = this.#quota.take(network, () => {
      this.counters.connectionsEvicted++;
      socket.destroy();
    });
    if (!lease) return this.#refuse(socket);
    socket.once('close', () => lease.release());
    this.counters.connectionsAccepted++;
    const stream = this.#secureContext
      ? await acceptTls(socket, this.#secureContext, this.#limits.tlsHandshakeTimeMs)
      : socket;
    if (!stream) return void this.counters.tlsFailures++;

    const connection = new Connection(this.#dependencies, stream, lease, network);
    this.#waiting.delete(socket);
    this.#connections.add(connection);
    stream.once('close', () => {
      this.#connections.delete(connection);
      socket.destroy();
    });
  }

  /**
   * The address that a trusted proxy reports, else the peer's own.
   * @returns undefined when the socket is to be closed
   */
  async #clientAddress(socket: Socket, peer: string): Promise<string | undefined> {
    if (!this.#trusted.includes(peer)) return peer;
    const { proxyHeaderTimeMs: timeMs, proxyHeaderBytesMax: bytesMax } = this.#limits;
    const header = await takeProxyHeader(socket, { timeMs, bytesMax });
    if (header) return header.address ?? peer;
    // A proxy's health check may connect without sending a header.
    if (socket.bytesRead === 0) return undefined;
    this.counters.proxyHeadersRefused++;
    this.#options.logger.warn({ proxy: peer }, 'no valid PROXY protocol header from a trusted proxy');
    return undefined;
  }

  #refuse(socket: Socket): void {
    this.counters.connectionsRefused++;
    countRefusal(this.counters, 'connections_too_many');
    // Under TLS the answer would cost the handshake that the bound exists to avoid.
    if (this.#secureContext || this.#refused >= this.#limits.refusedConnectionsMax)
      return void socket.destroy();
    this.#refused++;
    socket.end(refusalAnswer(refuse('connections_too_many', { retryAfterMs: RETRY_AFTER_MS }), undefined));
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), this.#limits.lingerTimeMs);
    socket.once('close', () => {
      this.#refused--;
      clearTimeout(timer);
    });
  }

  #track(socket: Socket): void {
    this.#waiting.add(socket);
    // A lost connection is not worth a log line; 'close' cleans up after it.
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
