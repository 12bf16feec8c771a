import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { RefusalCode } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { clientNetwork, type Networks, plainAddress } from '../../net/address.ts';
import type { TlsMaterial } from '../../net/tls.ts';
import { HeldBytes } from '../held-bytes.ts';
import { clientAddress } from './client-address.ts';
import { answerClientError } from './client-error.ts';
import type { HttpConnections } from './connections.ts';
import { FairTurns } from './fair-turns.ts';
import { SerialConnection } from './serial-connection.ts';

/** Must exceed the longest `wait_s` and the heartbeat interval. */
const SILENT_SOCKET_MS = LIMITS.waitMsMax * 2;

const SWEEP_MS_MAX = 1_000;
const SWEEP_MS_MIN = 10;

/** As Node's own, of a request that did not arrive in time. */
const TOO_SLOW = Object.assign(new Error('the request did not arrive in time'), {
  code: 'ERR_HTTP_REQUEST_TIMEOUT',
});

/** Bounds that tests cross at smaller values. */
export interface ConnectionLimits {
  readonly headersTimeMs?: number;
  readonly requestTimeMs?: number;
  readonly slowReaderTimeMs?: number;
  /** `LIMITS.httpHeldBytesMax` */
  readonly heldBytesMax?: number;
}

/** Counts of a listener's connections, for the metrics. */
export interface ConnectionFigures {
  /** What all connections hold in memory: requests that wait and answers that are not sent. */
  readonly heldBytes: number;
  /** Connections cut off because they held too much. */
  readonly cutOff: number;
  /** Connections cut off because the client did not read. */
  readonly slowReaders: number;
}

export interface NodeServerOptions {
  readonly handler: RequestListener;
  readonly tls: TlsMaterial | undefined;
  readonly limits: ConnectionLimits;
  readonly connections: HttpConnections;
  /** Proxies whose report of the client's address is believed. */
  readonly trusted: Networks;
  /** Makes the id for an answer to bytes that could not be read as a request. */
  readonly nextId: () => string;
  readonly onRefused: (code: RefusalCode) => void;
}

/**
 * Node's HTTP or HTTPS server with every bound set. Does not listen. A connection is served one request at a time
 * (serial-connection.ts); requests of all connections start in turns by client address (fair-turns.ts).
 */
export function makeNodeServer(options: NodeServerOptions): { server: Server; figures: ConnectionFigures } {
  const { tls, limits, connections, nextId, onRefused } = options;
  const { headersTimeMs = LIMITS.httpHeadersTimeMs } = limits;
  const bounds = {
    maxHeaderSize: LIMITS.httpHeaderBytesMax,
    headersTimeout: headersTimeMs,
    // Kept by serial-connection.ts, which knows how much of a request has come.
    requestTimeout: 0,
    keepAliveTimeout: LIMITS.httpKeepAliveTimeMs,
    connectionsCheckingInterval: Math.min(1_000, Math.ceil(headersTimeMs / 4)),
    insecureHTTPParser: false,
    // Checked in app.ts instead: Node's own answer has no content.
    requireHostHeader: false,
    noDelay: true,
  };
  const server = tls
    ? createTlsServer({
        ...{ ...bounds, ...tls },
        ...{ handshakeTimeout: LIMITS.tlsHandshakeTimeMs, ALPNProtocols: ['http/1.1'] },
      })
    : createServer(bounds);
  server.maxRequestsPerSocket = LIMITS.httpRequestsPerConnectionMax;
  // Connections beyond the bound are accepted, to take a place from a network of more.
  server.maxConnections = LIMITS.httpConnectionsMax + LIMITS.refusedConnectionsMax;
  server.timeout = SILENT_SOCKET_MS;
  const figures = serveOneByOne(server, options);
  const onConnection = (socket: Socket) => connections.admit(socket, tls !== undefined);
  // Without TLS a connection beyond the bounds is closed before it is served; with TLS, before its handshake ends.
  if (tls) server.on('connection', onConnection);
  else server.prependListener('connection', onConnection);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const code = answerClientError(error, socket as Socket, nextId());
    if (code) onRefused(code);
  });
  return { server, figures };
}

/**
 * Gives Node's HTTP server each connection as a `SerialConnection` (`http.Server` takes any Duplex), and the handler
 * each request in its turn.
 */
function serveOneByOne(
  server: Server,
  { handler, tls, connections, trusted, limits }: NodeServerOptions,
): ConnectionFigures {
  const { slowReaderTimeMs = LIMITS.slowReaderTimeMs, heldBytesMax = LIMITS.httpHeldBytesMax } = limits;
  const { requestTimeMs = LIMITS.httpRequestTimeMs } = limits;
  const heldBytes = new HeldBytes(heldBytesMax);
  const turns = new FairTurns(LIMITS.httpRequestsPerTurnMax);
  const open = new Set<SerialConnection>();
  let slowReaders = 0;
  const event = tls ? 'secureConnection' : 'connection';
  const [serve] = server.listeners(event);
  server.removeAllListeners(event);
  server.on(event, (socket: Socket) => {
    if (socket.destroyed) return;
    if (tls) connections.secured(socket);
    const connection = new SerialConnection(socket, {
      heldBytes,
      network: clientNetwork(plainAddress(socket.remoteAddress ?? '')),
      onSlowReader: () => slowReaders++,
      onSlowRequest: (slow) => void server.emit('clientError', TOO_SLOW, slow),
    });
    connections.carry(socket, connection);
    open.add(connection);
    connection.once('close', () => open.delete(connection));
    serve?.call(server, connection);
  });
  const begin = (request: IncomingMessage, response: ServerResponse): string => {
    const peer = request.socket.remoteAddress ?? '';
    const network = clientNetwork(clientAddress(peer, request.headers['x-forwarded-for'], trusted));
    connections.begin(request.socket, response);
    (request.socket as unknown as SerialConnection).begin(request, response, network);
    return network;
  };
  server.on('request', (request, response) => {
    turns.start(begin(request, response), () => {
      if (!response.destroyed) handler(request, response);
    });
  });
  // Node answers Expect: 100-continue itself; any other expectation is refused rather than ignored.
  server.on('checkExpectation', (request, response) => {
    begin(request, response);
    response.writeHead(417, { connection: 'close' }).end();
  });
  const sweepMs = Math.max(SWEEP_MS_MIN, Math.min(SWEEP_MS_MAX, slowReaderTimeMs / 8, requestTimeMs / 8));
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const connection of open) connection.expire(now, slowReaderTimeMs, requestTimeMs);
  }, sweepMs).unref();
  server.once('close', () => clearInterval(sweep));
  return {
    get heldBytes() {
      return heldBytes.total;
    },
    get cutOff() {
      return heldBytes.cutOff;
    },
    get slowReaders() {
      return slowReaders;
    },
  };
}
