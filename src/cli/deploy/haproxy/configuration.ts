import { backend } from './backend.ts';
import { httpFrontend, tcpFrontend } from './frontends.ts';
import { type HaproxyOptions, httpConnections, tcpConnections } from './options.ts';

/**
 * The whole configuration, for HAProxy 2.6 or later.
 *
 * Why: docs/DECISIONS.md#the-balancer-observes-no-layer-4
 */
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
    '# HAProxy drops a killed or hung server within half a second and closes its connections; clients retry with their',
    '# idempotency key. A live server that cannot decide (its database or vault is out of reach) gets no new connections',
    '# while another server can. When none can, all live servers stay in use: they still serve sessions, reads and',
    '# challenges, and tell clients when to retry.',
    'global',
    container ? '  log stdout format raw local0 info' : '  log /dev/log local0 info',
    ...(container ? [] : ['  user haproxy', '  group haproxy', '  chroot /var/lib/haproxy']),
    `  stats socket ${statsSocket} mode 600 level admin`,
    '  stats timeout 30s',
    `  maxconn ${connections + 256}`,
    // Each stream of an HTTP/2 connection takes a connection to a server.
    '  tune.h2.max-concurrent-streams 32',
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
    // A container may start before the others have a name, and the name may later belong to another container.
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
