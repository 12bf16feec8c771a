import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { RefusalCode } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { TlsMaterial } from '../../net/tls.ts';
import { answerClientError } from './client-error.ts';
import type { HttpConnections } from './connections.ts';

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
  readonly connections: HttpConnections;
  /** Makes the id for an answer to bytes that could not be read as a request. */
  readonly nextId: () => string;
  readonly onRefused: (code: RefusalCode) => void;
}

/** Node's HTTP or HTTPS server with every bound set. Does not listen. */
export function makeNodeServer(options: NodeServerOptions): Server {
  const { tls, times, connections, nextId, onRefused } = options;
  const { headersTimeMs = LIMITS.httpHeadersTimeMs, requestTimeMs = LIMITS.httpRequestTimeMs } = times;
  const handler: RequestListener = (request, response) => {
    connections.begin(request.socket, response);
    options.handler(request, response);
  };
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
  // Connections beyond the bound are accepted, to take a place from a network of more.
  server.maxConnections = LIMITS.httpConnectionsMax + LIMITS.refusedConnectionsMax;
  server.timeout = SILENT_SOCKET_MS;
  server.on('connection', (socket: Socket) => connections.admit(socket, tls !== undefined));
  server.on('secureConnection', (socket: Socket) => connections.secured(socket));
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
