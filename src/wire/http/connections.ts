import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LIMITS } from '../../limits.ts';
import { clientNetwork, type Networks, plainAddress } from '../../net/address.ts';
import { type Place, Quota } from '../quota.ts';

/** The bounds that tests cross at smaller values. */
export interface HttpConnectionLimits {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly proxiedRequestsMax: number;
}

const DEFAULTS: HttpConnectionLimits = {
  connectionsMax: LIMITS.httpConnectionsMax,
  connectionsPerAddressMax: LIMITS.connectionsPerAddressMax,
  proxiedRequestsMax: LIMITS.httpProxiedRequestsMax,
};

interface OpenConnection {
  readonly place: Place;
  readonly proxied: boolean;
  proven: boolean;
  /** The response to the latest request. */
  response: ServerResponse | undefined;
}

/**
 * Shares the HTTP connections between client networks. When they run short, the network that holds most loses its
 * oldest connection that has shown no valid credential, then its oldest idle one.
 *
 * A trusted proxy carries the connections of many clients and has no share. Its requests under way are shared between
 * the networks that it reports instead; the network with most loses its oldest request.
 */
export class HttpConnections {
  readonly #limits: HttpConnectionLimits;
  readonly #trusted: Networks;
  readonly #connections: Quota;
  readonly #requests: Quota;
  readonly #open = new WeakMap<Duplex, OpenConnection>();
  /** Connections whose TLS handshake has not ended, by address and port of the client. */
  readonly #handshakes = new Map<string, OpenConnection>();

  constructor(trusted: Networks, limits: Partial<HttpConnectionLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
    this.#trusted = trusted;
    this.#connections = new Quota(this.#limits.connectionsMax, { newestFirst: true });
    this.#requests = new Quota(this.#limits.proxiedRequestsMax);
  }

  /** Open connections. */
  get count(): number {
    return this.#connections.taken;
  }

  /** Connections and proxied requests that were closed for those of other networks. */
  get evicted(): number {
    return this.#connections.evicted + this.#requests.evicted;
  }

  /** Counts a new connection, or destroys it. @param tls whether its handshake is still to come (`secured`) */
  admit(socket: Socket, tls: boolean): void {
    const peer = plainAddress(socket.remoteAddress ?? '');
    const proxied = this.#trusted.includes(peer);
    let open: OpenConnection | undefined;
    const evict = () => {
      if (!open || (open.proven && open.response?.closed === false)) return false;
      socket.destroy();
      return true;
    };
    const place = this.#connections.take(
      proxied
        ? { holder: peer, unshared: true }
        : { holder: clientNetwork(peer), holderMax: this.#limits.connectionsPerAddressMax, evict },
    );
    if (!place) {
      socket.destroy();
      return;
    }
    open = { place, proxied, proven: false, response: undefined };
    this.#open.set(socket, open);
    const key = keyOf(socket);
    if (tls) this.#handshakes.set(key, open);
    socket.once('close', () => {
      place.release();
      if (this.#handshakes.get(key) === open) this.#handshakes.delete(key);
    });
  }

  /** Finds the connection of a socket again once it is encrypted. */
  secured(socket: Socket): void {
    const key = keyOf(socket);
    const open = this.#handshakes.get(key);
    if (!open) return;
    this.#handshakes.delete(key);
    this.#open.set(socket, open);
  }

  /** From now on `carrier` stands for the connection of `socket`: requests name it as theirs. */
  carry(socket: Duplex, carrier: Duplex): void {
    const open = this.#open.get(socket);
    if (open) this.#open.set(carrier, open);
  }

  /** A request has begun. */
  begin(socket: Duplex, response: ServerResponse): void {
    const open = this.#open.get(socket);
    if (open) open.response = response;
  }

  /**
   * Counts a request that a trusted proxy passed on, until it is answered. Does nothing for other requests.
   * @param network of the client, as the proxy reports it
   * @returns false when that network has too many under way
   */
  takeRequest(socket: Duplex, network: string, response: ServerResponse): boolean {
    if (!this.#open.get(socket)?.proxied) return true;
    const evict = () => {
      response.destroy();
      return true;
    };
    const place = this.#requests.take({ holder: network, evict });
    if (place) response.once('close', () => place.release());
    return place !== undefined;
  }

  /** The caller of a request has shown a valid credential. */
  prove(socket: Duplex): void {
    const open = this.#open.get(socket);
    if (!open || open.proven) return;
    open.proven = true;
    open.place.prove();
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
