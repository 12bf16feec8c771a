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

export function httpConnections({ connectionsMax }: HaproxyOptions): number {
  return Math.min(connectionsMax, LIMITS.httpConnectionsMax);
}
