import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics } from 'prom-client';
import type { RelayControl } from '../../application/relay/relay.ts';
import { StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { isLoopback } from '../../net/address.ts';
import { listenReason } from '../listen-reason.ts';
import { MetricRegistry } from './metric-registry.ts';
import { relayMetrics } from './relay-metrics.ts';

export interface StatusListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Whether others than this machine may read `/metrics`. */
  readonly metricsPublic: boolean;
  /** Whether the store answers. */
  readonly ping: () => Promise<void>;
  readonly relay: RelayControl;
}

/** What a process without the REST API answers: whether it lives, whether it can work, its metrics. Nothing here is secret. */
export interface StatusListener {
  address(): AddressInfo;
  stop(): Promise<void>;
}

/** @throws StartRefused when it cannot listen there */
export async function startStatusListener(options: StatusListenerOptions): Promise<StatusListener> {
  const { host, port, relay, ping, metricsPublic } = options;
  const metrics = new MetricRegistry();
  relayMetrics(metrics, relay);
  collectDefaultMetrics({ register: metrics.registry });
  const server = createServer({ maxHeaderSize: LIMITS.httpHeaderBytesMax }, (request, response) => {
    const address = request.socket.remoteAddress ?? '';
    void answer(request.url ?? '', address, response).catch(() => send(response, 503, '{}'));
  });
  server.headersTimeout = LIMITS.httpHeadersTimeMs;
  server.requestTimeout = LIMITS.httpRequestTimeMs;
  server.maxConnections = CONNECTIONS_MAX;

  async function answer(url: string, address: string, response: ServerResponse): Promise<void> {
    if (url === '/healthz') return send(response, 200, '{"status":"ok"}');
    if (url.startsWith('/readyz')) {
      const isUp = await ping().then(
        () => true,
        () => false,
      );
      const sinks = relay.sinks.map(({ sink, problem }) => [sink, problem ? 'degraded' : 'up']);
      const parts = Object.fromEntries([['store', isUp ? 'up' : 'down'], ...sinks]);
      const status = isUp ? 'ready' : 'not_ready';
      return send(response, isUp ? 200 : 503, JSON.stringify({ status, parts }));
    }
    if (url === '/metrics' && (metricsPublic || isLoopback(address))) {
      return send(response, 200, await metrics.registry.metrics(), metrics.registry.contentType);
    }
    send(response, 404, '{}');
  }

  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new StartRefused(`http_port ${port} on ${host}: ${listenReason(error, 'http')}`);
  }
  return {
    address: () => server.address() as AddressInfo,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const CONNECTIONS_MAX = 64;

function send(response: ServerResponse, status: number, body: string, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
