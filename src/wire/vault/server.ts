import { hash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { MutualTlsCredentials } from '../../net/tls.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyVault } from '../../ports/key-vault.ts';
import type { Logger } from '../../ports/logger.ts';
import { VAULT_ANSWERS } from '../../vault-protocol/calls.ts';
import { encodeFrame, VAULT_PROTOCOL } from '../../vault-protocol/frames.ts';
import { HeldBytes } from '../held-bytes.ts';
import { Quota } from '../quota.ts';
import { reloadCertificate } from '../reload-certificate.ts';
import { CallTurns } from './call-turns.ts';
import { identify, type VaultCaller, type VaultCallers } from './caller.ts';
import { VaultConnection } from './connection.ts';
import { Handshakes } from './handshakes.ts';
import type { VaultListenerLimits } from './listener-limits.ts';
import { RefusalLog } from './refusal-log.ts';

export interface VaultListenerOptions extends VaultCallers {
  readonly host: string;
  /** 0: any free one */
  readonly port: number;
  /** Reads the credentials from where they are kept. Called again by `reloadTls`. */
  readonly credentials: () => Promise<MutualTlsCredentials>;
  readonly vault: KeyVault;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly limits?: Partial<VaultListenerLimits>;
}

export interface VaultListener {
  /** Connections of admitted callers. */
  readonly connections: number;
  address(): AddressInfo;
  /** Stops accepting, answers the calls that were read, closes. Destroys what is left after `drainMs`. */
  stop(drainMs?: number): Promise<void>;
  /** Reads the credentials again, for new connections. @returns whether the new ones are in use */
  reloadTls(): Promise<boolean>;
}

/**
 * Serves the vault to other processes over TLS 1.3, for callers that are named and identified by their certificate.
 * @throws StartRefused when it cannot listen there, or the credentials are not valid
 */
export async function startVaultListener(options: VaultListenerOptions): Promise<VaultListener> {
  if (options.callers.length + options.keyManagers.length === 0) {
    throw new StartRefused('vault_callers: nobody may call the vault: name the certificates of its callers');
  }
  // By the oldest key: servers of a version before compare it, and rotations leave it for as long as they can.
  const derived = await options.vault.deriveKeys('session', 'vault identity');
  const identity = hash('sha256', derived.at(-1)?.key ?? '', 'hex');
  const listener = new Listener(options, await options.credentials(), identity);
  await listener.listen(options.host, options.port);
  return listener;
}

const SWEEP_MS_MAX = 500;
const SWEEP_MS_MIN = 10;
const KEEP_ALIVE_MS = 30_000;
const REFUSED_LINGER_MS = 500;
/** Refused callers that have time to read the reason. */
const REFUSED_LINGERING_MAX = 64;

class Listener implements VaultListener {
  readonly #options: VaultListenerOptions;
  readonly #identity: string;
  readonly #limits: VaultListenerLimits;
  readonly #refusals: RefusalLog;
  readonly #server: Server;
  readonly #heldBytes: HeldBytes;
  readonly #turns: CallTurns;
  readonly #connections = new Set<VaultConnection>();
  readonly #sockets = new Set<Socket>();
  readonly #handshakes: Handshakes;
  readonly #places: Quota;
  #refusedLingering = 0;
  #sweep: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: VaultListenerOptions, credentials: MutualTlsCredentials, identity: string) {
    this.#options = options;
    this.#identity = identity;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#handshakes = new Handshakes(this.#limits);
    this.#places = new Quota(this.#limits.vaultConnectionsMax);
    this.#refusals = new RefusalLog(options.logger);
    this.#heldBytes = new HeldBytes(this.#limits.vaultHeldBytesMax);
    this.#turns = new CallTurns(this.#limits.vaultItemsUnderWayMax);
    try {
      this.#server = createServer({
        ...credentials,
        ...TLS,
        // Certificates are checked after the handshake (caller.ts), so that a refused caller gets the reason.
        requestCert: true,
        rejectUnauthorized: false,
        ALPNProtocols: [VAULT_PROTOCOL],
        handshakeTimeout: this.#limits.vaultHandshakeTimeMs,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_MS,
      });
    } catch (error) {
      throw new StartRefused(`vault_tls_cert_file: no TLS with these files: ${(error as Error).message}`);
    }
    const { vaultConnectionsMax, vaultHandshakesMax, vaultKnownHandshakesMax } = this.#limits;
    // Beyond the bounds, to take a place from a network of more, and for refused callers that read the reason.
    this.#server.maxConnections =
      vaultConnectionsMax + 2 * (vaultHandshakesMax + vaultKnownHandshakesMax) + REFUSED_LINGERING_MAX;
    this.#server.on('drop', () => this.#refuse(undefined, 'more connections than the vault takes'));
    this.#server.on('connection', (socket: Socket) => this.#track(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      const { code, message } = error as NodeJS.ErrnoException;
      this.#refuse(socket.remoteAddress, `no TLS handshake: ${code ?? message}`);
      // Node leaves the raw socket of a handshake that timed out open.
      this.#handshakes.end(socket)?.destroy();
      socket.destroy();
    });
    this.#server.on('secureConnection', (socket) => this.#accept(socket));
  }

  get connections(): number {
    return this.#connections.size;
  }

  address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  async listen(host: string, port: number): Promise<void> {
    this.#server.listen({ host, port });
    try {
      await once(this.#server, 'listening');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = code === 'EADDRINUSE' ? 'the port is in use; choose another by vault_port' : message;
      throw new StartRefused(`the vault cannot listen on ${host} port ${port}: ${reason}`);
    }
    this.#server.on('error', (error) =>
      this.#options.logger.error({ reason: error.message }, 'listener of the vault'),
    );
    const { vaultFrameTimeMs, slowReaderTimeMs } = this.#limits;
    const sweepMs = Math.min(
      SWEEP_MS_MAX,
      Math.max(SWEEP_MS_MIN, vaultFrameTimeMs / 8, slowReaderTimeMs / 8),
    );
    this.#sweep = setInterval(() => {
      const now = performance.now();
      const wallNow = this.#options.clock.now();
      for (const connection of this.#connections) connection.expire(now, wallNow);
    }, sweepMs).unref();
  }

  async reloadTls(): Promise<boolean> {
    const { logger, credentials } = this.#options;
    return reloadCertificate('TLS', logger, async () =>
      this.#server.setSecureContext({ ...(await credentials()), ...TLS }),
    );
  }

  stop(drainMs: number = LIMITS.drainTimeMs): Promise<void> {
    this.#stopping ??= this.#stop(drainMs);
    return this.#stopping;
  }

  #track(socket: Socket): void {
    socket.on('error', () => {});
    if (!this.#handshakes.begin(socket)) {
      this.#refuse(socket.remoteAddress, 'more handshakes at once than the vault takes');
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #accept(socket: TLSSocket): void {
    this.#handshakes.end(socket);
    // A lost connection is not worth a log line.
    socket.on('error', () => {});
    if (this.#stopping) return void socket.destroy();
    const caller = identify(socket, this.#options, this.#options.clock.now());
    if ('refused' in caller) return void this.#refuseWithReason(socket, caller.refused);
    this.#handshakes.know(socket);
    let connection: VaultConnection | undefined;
    const place = this.#places.take({
      holder: caller.name,
      holderMax: this.#limits.vaultConnectionsPerCallerMax,
      evict: () => connection?.closeIdle() ?? false,
    });
    if (!place) return void this.#refuseWithReason(socket, this.#whyFull(caller));
    const { vault, logger } = this.#options;
    const dependencies = {
      vault,
      logger,
      identity: this.#identity,
      limits: this.#limits,
      refusals: this.#refusals,
      heldBytes: this.#heldBytes,
      turns: this.#turns,
    };
    const made = new VaultConnection(dependencies, socket, caller);
    connection = made;
    this.#connections.add(made);
    socket.once('close', () => {
      place.release();
      this.#connections.delete(made);
    });
  }

  #whyFull({ name }: VaultCaller): string {
    const own = this.#places.heldBy(name);
    return own < this.#limits.vaultConnectionsPerCallerMax
      ? 'the vault has as many connections as it takes'
      : `${name} has ${own} connections, its most`;
  }

  /** Sends the reason and closes. Reads nothing. */
  #refuseWithReason(socket: TLSSocket, reason: string): void {
    this.#refuse(socket.remoteAddress, reason);
    socket.end(encodeFrame(0, VAULT_ANSWERS.refused, Buffer.from(reason)));
    socket.resume();
    const lingerMs = this.#refusedLingering < REFUSED_LINGERING_MAX ? REFUSED_LINGER_MS : 0;
    this.#refusedLingering++;
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => {
      this.#refusedLingering--;
      clearTimeout(timer);
    });
  }

  #refuse(address: string | undefined, reason: string): void {
    this.#refusals.warn('a caller of the vault was refused', { reason, address: address ?? 'unknown' });
  }

  async #stop(drainMs: number): Promise<void> {
    clearInterval(this.#sweep);
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#handshakes.destroyAll();
    for (const connection of this.#connections) connection.close();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, drainMs);
    await closed;
    clearTimeout(timer);
  }
}

const TLS = { minVersion: 'TLSv1.3' } as const;
