import { LIMITS } from '../../../limits.ts';
import {
  type HaproxyOptions,
  HTTP_SERVER_TIME_MS,
  httpConnections,
  sourceBounds,
  TCP_IDLE_TIME_MS,
  tcpConnections,
} from './options.ts';

export function tcpFrontend(options: HaproxyOptions): string[] {
  const { tls, servers, tcpBind, certificate } = options;
  return [
    'frontend sello_tcp',
    '  mode tcp',
    '  option tcplog',
    `  bind ${tcpBind}${tls === 'terminate' ? ` ssl crt ${certificate}` : ''}`,
    `  maxconn ${tcpConnections(options) * servers.length}`,
    ...sourceBounds(tcpConnections(options) * servers.length),
    `  timeout client ${TCP_IDLE_TIME_MS}ms`,
    ...choice('tcp', servers.length),
  ];
}

export function httpFrontend(options: HaproxyOptions): string[] {
  const { tls, servers, httpBind, certificate } = options;
  const lines = ['frontend sello_http'];
  const connections = httpConnections(options) * servers.length;
  if (tls === 'pass-through') {
    lines.push(
      '  # HTTPS is passed through without the client address: limits per address count all clients as this balancer.',
      '  mode tcp',
      '  option tcplog',
      `  bind ${httpBind}`,
      ...sourceBounds(connections),
      `  timeout client ${HTTP_SERVER_TIME_MS}ms`,
    );
  } else {
    const ended = tls !== 'off';
    lines.push(
      '  mode http',
      '  option httplog',
      `  bind ${httpBind}${ended ? ` ssl crt ${certificate} alpn h2,http/1.1` : ''}`,
      ...sourceBounds(connections),
      `  timeout http-request ${LIMITS.httpHeadersTimeMs}ms`,
      `  timeout http-keep-alive ${LIMITS.httpKeepAliveTimeMs}ms`,
      `  timeout client ${HTTP_SERVER_TIME_MS}ms`,
      '  # Replaces forwarding headers from the client. The server believes only its proxy_trusted.',
      '  http-request set-header X-Forwarded-For %[src]',
      `  http-request set-header X-Forwarded-Proto ${ended ? 'https' : 'http'}`,
      '  http-request del-header Forwarded',
      ...(tls === 'terminate'
        ? ['  http-response set-header Strict-Transport-Security max-age=31536000']
        : []),
      '  # Retries on another server only where that is safe: reads, and requests with an idempotency key.',
      '  http-request disable-l7-retry unless { method GET HEAD } or { req.hdr(idempotency-key) -m found }',
    );
  }
  return [...lines, `  maxconn ${connections}`, ...choice('http', servers.length)];
}

/**
 * Uses the ready servers while at least one server is ready and at least one is not; otherwise all live servers, because
 * then readiness does not tell them apart.
 */
function choice(protocol: string, count: number): string[] {
  const ready = `sello_${protocol}_ready`;
  return [
    `  use_backend ${ready} if { nbsrv(${ready}) gt 0 } { nbsrv(${ready}) lt ${count} }`,
    `  default_backend sello_${protocol}_alive`,
  ];
}
