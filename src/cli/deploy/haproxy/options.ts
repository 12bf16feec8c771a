import { LIMITS } from '../../../limits.ts';
import type { ServerAddress } from './server-address.ts';

/**
 * Where TLS ends. `re-encrypt`: HTTPS at the balancer and again at the servers, the TCP protocol at the servers only.
 * `terminate`: both at the balancer, and plaintext to the servers. `pass-through`: both at the servers, which then do not
 * see the client's address of an HTTPS request. `off`: no TLS.
 */
export const TLS_MODES = ['re-encrypt', 'terminate', 'pass-through', 'off'] as const;
export type TlsMode = (typeof TLS_MODES)[number];

export interface HaproxyOptions {
  readonly servers: readonly ServerAddress[];
  readonly tls: TlsMode;
  /** `ADDRESS:PORT` in HAProxy's form: `*:11002`. */
  readonly tcpBind: string;
  readonly httpBind: string;
  /** Certificate chain and key in one PEM file, for TLS that ends at the balancer. */
  readonly certificate: string;
  /** The authorities (PEM) of the servers' certificates, for TLS that ends at the servers. */
  readonly serverCa: string;
  /** The name that the servers' certificates must have. Unset: any certificate that `serverCa` signed. */
  readonly serverName: string | undefined;
  /** Whether a client's address stays with one server while that server is up. */
  readonly stick: boolean;
  readonly statsSocket: string;
  /** Where Prometheus reads metrics. Unset: nowhere. */
  readonly metricsBind: string | undefined;
  /** For each server and protocol; at most what the server itself accepts. */
  readonly connectionsMax: number;
  /** In a container HAProxy does not change its user, and logs to stdout. */
  readonly container: boolean;
}

/** The longest wait of a server before it answers, plus a margin. */
export const HTTP_SERVER_TIME_MS = LIMITS.waitMsMax + 15_000;
/** Longer than the server's own idle time, so that the server closes idle connections and tells the client why. */
export const TCP_IDLE_TIME_MS = LIMITS.idleTimeMs + 60_000;

export function tcpConnections({ connectionsMax }: HaproxyOptions): number {
  return Math.min(connectionsMax, LIMITS.connectionsMax);
}

/** Fewer than the server accepts, so that health checks get a connection beside those of clients. */
export function httpConnections({ connectionsMax }: HaproxyOptions): number {
  return Math.min(connectionsMax, LIMITS.httpConnectionsMax - CHECK_CONNECTIONS);
}

const CHECK_CONNECTIONS = 64;
/** One source has at most this part of a frontend's connections, but never fewer than `SOURCE_CONNECTIONS_MIN`. */
const SOURCE_PART = 1 / 8;
const SOURCE_CONNECTIONS_MIN = 64;

/**
 * Bounds the open connections of one source, an IPv4 address or an IPv6 /64, as the servers' own shares do behind the
 * balancer. Those beyond it are closed without an answer. Does NOT bound their rate: clients that connect again without
 * pause after a fail-over would keep themselves out.
 * @param connections of the frontend
 */
export function sourceBounds(connections: number): string[] {
  const open = Math.max(SOURCE_CONNECTIONS_MIN, Math.floor(connections * SOURCE_PART));
  return [
    '  # One source, an IPv4 address or an IPv6 /64, has a part of the connections alone.',
    '  stick-table type ipv6 size 200k expire 30s store conn_cur',
    '  tcp-request connection track-sc0 src,ipmask(32,64)',
    `  tcp-request connection reject if { sc0_conn_cur gt ${open} }`,
  ];
}
