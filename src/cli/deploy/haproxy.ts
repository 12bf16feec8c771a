import { LIMITS } from '../../limits.ts';
import type { ServerAddress } from './server-address.ts';

/**
 * Who ends TLS. `re-encrypt`: HTTPS here and again at the servers, the TCP protocol at the servers alone.
 * `terminate`: both here, and plain to the servers. `pass-through`: both at the servers, which then do not see whose
 * address an HTTPS request is of. `off`: nobody.
 */
export const TLS_MODES = ['re-encrypt', 'terminate', 'pass-through', 'off'] as const;
export type TlsMode = (typeof TLS_MODES)[number];

export interface HaproxyOptions {
  readonly servers: readonly ServerAddress[];
  readonly tls: TlsMode;
  /** `ADDRESS:PORT`, as HAProxy writes it: `*:11002`. */
  readonly tcpBind: string;
  readonly httpBind: string;
  /** Certificate chain and key in one PEM file, for what is ended here. */
  readonly certificate: string;
  /** Who signed the servers' certificates (PEM), for what is ended there. */
  readonly serverCa: string;
  /** The name that the servers' certificates must have; unset, any that `serverCa` signed. */
  readonly serverName: string | undefined;
  /** A client's address goes to one server while that is there. */
  readonly stick: boolean;
  readonly statsSocket: string;
  /** Where Prometheus asks; unset, nowhere. */
  readonly metricsBind: string | undefined;
  /** Of each server and protocol, at most what the server itself takes. */
  readonly connectionsMax: number;
  /** In a container there is no other user to become, and the log goes to stdout. */
  readonly container: boolean;
}

/** The longest that a server waits before it answers, and a margin. */
const HTTP_SERVER_TIME_MS = LIMITS.waitMsMax + 15_000;
/** The server closes idle connections, so that it is the server who says so. */
const TCP_IDLE_TIME_MS = LIMITS.idleTimeMs + 60_000;

/** HAProxy 2.6 or later: its whole configuration. */
export function haproxyConfiguration(options: HaproxyOptions): string {
  return [
    head(options),
    tcpFrontend(options),
    httpFrontend(options),
    ...(['tcp', 'http'] as const).flatMap((protocol) => [
      backend(options, protocol, 'alive'),
      backend(options, protocol, 'ready'),
    ]),
    ...(options.metricsBind === undefined ? [] : [metrics(options.metricsBind)]),
  ]
    .map((part) => part.join('\n'))
    .join('\n\n')
    .concat('\n');
}

function head(options: HaproxyOptions): string[] {
  const { servers, container, statsSocket } = options;
  const connections = (tcpConnections(options) + httpConnections(options)) * servers.length;
  return [
    '# Made by: sello deploy haproxy. For HAProxy 2.6 or later.',
    '#',
    '# A server that is killed or hangs is left within half a second; its connections are closed, and clients try again',
    '# with their idempotency key. A server that lives but cannot decide (its database or vault is out of reach) gets',
    '# nothing new while another can; when none can, all that live answer, for they still serve sessions, reads and',
    '# challenges, and say themselves when to try again.',
    'global',
    container ? '  log stdout format raw local0 info' : '  log /dev/log local0 info',
    ...(container ? [] : ['  user haproxy', '  group haproxy', '  chroot /var/lib/haproxy']),
    `  stats socket ${statsSocket} mode 600 level admin`,
    '  stats timeout 30s',
    `  maxconn ${connections + 256}`,
    '  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets',
    '  ssl-default-server-options ssl-min-ver TLSv1.2',
    '',
    'defaults',
    '  log global',
    '  option dontlognull',
    '  option redispatch 1',
    '  retries 3',
    '  timeout connect 200ms',
    '  timeout check 200ms',
    '  timeout queue 1s',
    '  default-server inter 200ms fastinter 100ms downinter 200ms fall 2 rise 2 on-marked-down shutdown-sessions',
    // A container may start before the others have a name, and another may have the name later.
    ...(container
      ? [
          '  default-server resolvers names init-addr last,libc,none',
          '',
          'resolvers names',
          '  parse-resolv-conf',
          '  hold valid 1s',
        ]
      : []),
  ];
}

function tcpFrontend(options: HaproxyOptions): string[] {
  const { tls, servers, tcpBind, certificate } = options;
  return [
    'frontend sello_tcp',
    '  mode tcp',
    '  option tcplog',
    `  bind ${tcpBind}${tls === 'terminate' ? ` ssl crt ${certificate}` : ''}`,
    `  maxconn ${tcpConnections(options) * servers.length}`,
    `  timeout client ${TCP_IDLE_TIME_MS}ms`,
    ...choice('tcp', servers.length),
  ];
}

function httpFrontend(options: HaproxyOptions): string[] {
  const { tls, servers, httpBind, certificate } = options;
  const lines = ['frontend sello_http'];
  if (tls === 'pass-through') {
    lines.push(
      '  # What passes through cannot be told whose it is: rate limits an address count this balancer as one.',
      '  mode tcp',
      '  option tcplog',
      `  bind ${httpBind}`,
      `  timeout client ${HTTP_SERVER_TIME_MS}ms`,
    );
  } else {
    const ended = tls !== 'off';
    lines.push(
      '  mode http',
      '  option httplog',
      `  bind ${httpBind}${ended ? ` ssl crt ${certificate} alpn h2,http/1.1` : ''}`,
      `  timeout http-request ${LIMITS.httpHeadersTimeMs}ms`,
      `  timeout http-keep-alive ${LIMITS.httpKeepAliveTimeMs}ms`,
      `  timeout client ${HTTP_SERVER_TIME_MS}ms`,
      '  # What the client says of itself is replaced; the server believes its proxy_trusted alone.',
      '  http-request set-header X-Forwarded-For %[src]',
      `  http-request set-header X-Forwarded-Proto ${ended ? 'https' : 'http'}`,
      '  http-request del-header Forwarded',
      ...(tls === 'terminate'
        ? ['  http-response set-header Strict-Transport-Security max-age=31536000']
        : []),
      '  # Sent again to another server only where that can do no harm: a read, or a request with its key.',
      '  http-request disable-l7-retry unless { method GET HEAD } or { req.hdr(idempotency-key) -m found }',
    );
  }
  return [
    ...lines,
    `  maxconn ${httpConnections(options) * servers.length}`,
    ...choice('http', servers.length),
  ];
}

function tcpConnections({ connectionsMax }: HaproxyOptions): number {
  return Math.min(connectionsMax, LIMITS.connectionsMax);
}

function httpConnections({ connectionsMax }: HaproxyOptions): number {
  return Math.min(connectionsMax, LIMITS.httpConnectionsMax);
}

/** Only where some are ready and some are not does it matter which. */
function choice(protocol: string, count: number): string[] {
  const ready = `sello_${protocol}_ready`;
  return [
    `  use_backend ${ready} if { nbsrv(${ready}) gt 0 } { nbsrv(${ready}) lt ${count} }`,
    `  default_backend sello_${protocol}_alive`,
  ];
}

function backend(options: HaproxyOptions, protocol: 'tcp' | 'http', tier: 'alive' | 'ready'): string[] {
  const { servers, tls, stick } = options;
  const asHttp = protocol === 'http' && tls !== 'pass-through';
  const lines = [`backend sello_${protocol}_${tier}`, `  mode ${asHttp ? 'http' : 'tcp'}`];
  lines.push(`  balance ${protocol === 'tcp' ? 'leastconn' : 'roundrobin'}`);
  lines.push(`  timeout server ${protocol === 'tcp' ? TCP_IDLE_TIME_MS : HTTP_SERVER_TIME_MS}ms`);
  if (asHttp) lines.push('  retry-on conn-failure empty-response');
  if (stick) lines.push('  stick-table type ipv6 size 200k expire 30m', '  stick on src');
  const tracks = protocol === 'tcp' && tier === 'ready';
  // Not ready is not dead: nothing new, and what is there goes on. A server that stops closes it at a message's end.
  if (tier === 'ready') lines.push('  http-check disable-on-404');
  if (!tracks) {
    lines.push('  option httpchk');
    lines.push(
      `  http-check send meth GET uri ${tier === 'alive' ? '/healthz' : '/readyz?unready=404'} ver HTTP/1.1 hdr Host sello hdr Connection close`,
    );
    lines.push('  http-check expect status 200');
  }
  const checked = protocol === 'tcp' ? tcpServerCheck : httpServerCheck;
  for (const server of servers) {
    const port = protocol === 'tcp' ? server.tcpPort : server.httpPort;
    const words = [
      `  server ${server.name} ${server.host}:${port}`,
      ...(protocol === 'tcp' ? ['send-proxy-v2'] : []),
      ...(tracks ? [`track sello_http_ready/${server.name}`] : checked(options, server)),
      `maxconn ${protocol === 'tcp' ? tcpConnections(options) : httpConnections(options)}`,
    ];
    lines.push(words.join(' '));
  }
  return lines;
}

/** The TCP protocol has no health message: the HTTP port of the same process is asked. */
function tcpServerCheck(options: HaproxyOptions, { httpPort }: ServerAddress): string[] {
  const encrypted = options.tls === 're-encrypt' || options.tls === 'pass-through';
  return ['check', `port ${httpPort}`, ...(encrypted ? ['check-ssl', ...verified(options)] : [])];
}

function httpServerCheck(options: HaproxyOptions): string[] {
  if (options.tls === 're-encrypt') return ['ssl', ...verified(options), 'check'];
  if (options.tls === 'pass-through') return ['check', 'check-ssl', ...verified(options)];
  return ['check'];
}

function verified({ serverCa, serverName }: HaproxyOptions): string[] {
  const name = serverName === undefined ? [] : [`verifyhost ${serverName}`];
  return [`verify required ca-file ${serverCa}`, ...name];
}

function metrics(bind: string): string[] {
  return [
    'frontend metrics',
    '  mode http',
    `  bind ${bind}`,
    '  timeout client 10s',
    '  http-request use-service prometheus-exporter if { path /metrics }',
    '  http-request return status 404',
  ];
}
