import {
  type HaproxyOptions,
  HTTP_SERVER_TIME_MS,
  httpConnections,
  TCP_IDLE_TIME_MS,
  tcpConnections,
} from './options.ts';
import type { ServerAddress } from './server-address.ts';

/**
 * The servers of one protocol: `alive` checks that a process answers, `ready` that it can decide now.
 *
 * Why: docs/DECISIONS.md#the-balancer-asks-for-life-and-readiness
 */
export function backend(
  options: HaproxyOptions,
  protocol: 'tcp' | 'http',
  tier: 'alive' | 'ready',
): string[] {
  const { servers, tls, stick } = options;
  const asHttp = protocol === 'http' && tls !== 'pass-through';
  const lines = [`backend sello_${protocol}_${tier}`, `  mode ${asHttp ? 'http' : 'tcp'}`];
  lines.push(`  balance ${protocol === 'tcp' ? 'leastconn' : 'roundrobin'}`);
  lines.push(`  timeout server ${protocol === 'tcp' ? TCP_IDLE_TIME_MS : HTTP_SERVER_TIME_MS}ms`);
  if (asHttp) lines.push('  retry-on conn-failure empty-response');
  if (stick) lines.push('  stick-table type ipv6 size 200k expire 30m', '  stick on src');
  const tracks = protocol === 'tcp' && tier === 'ready';
  // A server that is not ready gets nothing new but keeps its connections; one that stops closes them between messages.
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

/** The TCP protocol has no health message, so the check asks the HTTP port of the same process. */
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
