import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { RefusalCode } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { clientNetwork, type Networks, plainAddress } from '../../net/address.ts';
import { answerClientError } from './client-error.ts';
import type { TlsMaterial } from './tls.ts';

/** Longer than any wait and than the pause between heartbeats. */
const SILENT_SOCKET_MS = LIMITS.waitMsMax * 2;

export interface SocketBounds {
  readonly headersTimeMs?: number;
  readonly requestTimeMs?: number;
}

export interface SocketsOptions {
  readonly bounds: SocketBounds;
  /** Proxies, each of which carries many clients' connections. */
  readonly trusted: Networks;
  /** Of an answer to what could not be read as a request. */
  readonly nextId: () => string;
  readonly onRefused: (code: RefusalCode) => void;
}

/** Node's server with every bound set, and its connections counted, in all and for each address. */
export class Sockets {
  readonly #options: SocketsOptions;
  readonly #ofNetwork = new Map<string, number>();
  #connections = 0;

  constructor(options: SocketsOptions) {
    this.#options = options;
  }

  get connections(): number {
    return this.#connections;
  }

  makeServer(handler: RequestListener, tls: TlsMaterial | undefined): Server {
    const { bounds: given, nextId, onRefused } = this.#options;
    const { headersTimeMs = LIMITS.httpHeadersTimeMs, requestTimeMs = LIMITS.httpRequestTimeMs } = given;
    const bounds = {
      maxHeaderSize: LIMITS.httpHeaderBytesMax,
      headersTimeout: headersTimeMs,
      requestTimeout: requestTimeMs,
      keepAliveTimeout: LIMITS.httpKeepAliveTimeMs,
      connectionsCheckingInterval: Math.min(1_000, Math.ceil(headersTimeMs / 4)),
      insecureHTTPParser: false,
      // Asked for where requests are answered: Node's own answer has no content.
      requireHostHeader: false,
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
      const code = answerClientError(error, socket as Socket, nextId());
      if (code) onRefused(code);
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
    const taken = this.#ofNetwork.get(network) ?? 0;
    if (taken >= LIMITS.connectionsPerAddressMax && !this.#options.trusted.includes(peer)) {
      socket.destroy();
      return;
    }
    this.#connections++;
    this.#ofNetwork.set(network, taken + 1);
    socket.once('close', () => {
      this.#connections--;
      const left = (this.#ofNetwork.get(network) ?? 1) - 1;
      if (left === 0) this.#ofNetwork.delete(network);
      else this.#ofNetwork.set(network, left);
    });
  }
}
