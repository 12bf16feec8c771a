import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { RefusalCode } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { clientNetwork, type Networks, plainAddress } from '../../net/address.ts';
import type { TlsMaterial } from '../../net/tls.ts';
import type { Quota } from '../quota.ts';
import { answerClientError } from './client-error.ts';

/** Must exceed the longest `wait_s` and the heartbeat interval. */
const SILENT_SOCKET_MS = LIMITS.waitMsMax * 2;

/** Bounds that tests cross at smaller values. */
export interface RequestTimes {
  readonly headersTimeMs?: number;
  readonly requestTimeMs?: number;
}

export interface NodeServerOptions {
  readonly handler: RequestListener;
  readonly tls: TlsMaterial | undefined;
  readonly times: RequestTimes;
  /** Open connections, by client network. */
  readonly connections: Quota;
  /** Proxies, each of which carries many clients' connections and so has no bound of its own. */
  readonly trusted: Networks;
  /** Makes the id for an answer to bytes that could not be read as a request. */
  readonly nextId: () => string;
  readonly onRefused: (code: RefusalCode) => void;
}

/** Node's HTTP or HTTPS server with every bound set. Does not listen. */
export function makeNodeServer(options: NodeServerOptions): Server {
  const { handler, tls, times, connections, trusted, nextId, onRefused } = options;
  const { headersTimeMs = LIMITS.httpHeadersTimeMs, requestTimeMs = LIMITS.httpRequestTimeMs } = times;
  const bounds = {
    maxHeaderSize: LIMITS.httpHeaderBytesMax,
    headersTimeout: headersTimeMs,
    requestTimeout: requestTimeMs,
    keepAliveTimeout: LIMITS.httpKeepAliveTimeMs,
    connectionsCheckingInterval: Math.min(1_000, Math.ceil(headersTimeMs / 4)),
    insecureHTTPParser: false,
    // Checked in app.ts instead: Node's own answer has no content.
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
  server.on('connection', (socket: Socket) => {
    const peer = plainAddress(socket.remoteAddress ?? '');
    const max = trusted.includes(peer) ? Number.POSITIVE_INFINITY : LIMITS.connectionsPerAddressMax;
    const release = connections.take(clientNetwork(peer), max);
    if (release) socket.once('close', release);
    else socket.destroy();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const code = answerClientError(error, socket as Socket, nextId());
    if (code) onRefused(code);
  });
  // Node answers Expect: 100-continue itself; any other expectation is refused rather than ignored.
  server.on('checkExpectation', (_request, response) => {
    response.writeHead(417, { connection: 'close' }).end();
  });
  return server;
}
