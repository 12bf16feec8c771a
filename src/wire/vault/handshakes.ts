import type { Socket } from 'node:net';
import { clientNetwork } from '../../net/address.ts';
import { Quota } from '../quota.ts';
import type { VaultListenerLimits } from './listener-limits.ts';

type HandshakeLimits = Pick<
  VaultListenerLimits,
  'vaultHandshakesMax' | 'vaultKnownHandshakesMax' | 'vaultKnownAddressesMax'
>;

/**
 * Shares the TLS handshakes under way between client networks. Networks that have shown a caller's certificate before
 * have places of their own. Where either runs short, the oldest handshake of the network with most ends.
 */
export class Handshakes {
  readonly #limits: HandshakeLimits;
  readonly #strangers: Quota;
  readonly #known: Quota;
  /** Networks that have shown a caller's certificate; the stalest first. */
  readonly #knownNetworks = new Set<string>();
  /** Sockets whose handshake has not ended, by address and port. */
  readonly #sockets = new Map<string, { readonly socket: Socket; readonly release: () => void }>();

  constructor(limits: HandshakeLimits) {
    this.#limits = limits;
    this.#strangers = new Quota(limits.vaultHandshakesMax, { newestFirst: true });
    this.#known = new Quota(limits.vaultKnownHandshakesMax, { newestFirst: true });
  }

  /** Counts a new socket's handshake. @returns false when there is no place for it */
  begin(socket: Socket): boolean {
    const key = keyOf(socket);
    const holder = clientNetwork(socket.remoteAddress ?? '');
    const evict = () => {
      socket.destroy();
      return true;
    };
    const known = this.#knownNetworks.has(holder) ? this.#known.take({ holder, evict }) : undefined;
    const place = known ?? this.#strangers.take({ holder, evict });
    if (!place) return false;
    const begun = { socket, release: () => place.release() };
    this.#sockets.set(key, begun);
    socket.once('close', () => {
      place.release();
      if (this.#sockets.get(key) === begun) this.#sockets.delete(key);
    });
    return true;
  }

  /** The handshake has ended, well or not. @returns the raw socket of an encrypted one */
  end(socket: Socket): Socket | undefined {
    const key = keyOf(socket);
    const begun = this.#sockets.get(key);
    this.#sockets.delete(key);
    begun?.release();
    return begun?.socket;
  }

  /** The peer has shown a caller's certificate. */
  know(socket: Socket): void {
    const network = clientNetwork(socket.remoteAddress ?? '');
    this.#knownNetworks.delete(network);
    this.#knownNetworks.add(network);
    if (this.#knownNetworks.size <= this.#limits.vaultKnownAddressesMax) return;
    const [stalest] = this.#knownNetworks;
    if (stalest !== undefined) this.#knownNetworks.delete(stalest);
  }

  destroyAll(): void {
    for (const { socket } of this.#sockets.values()) socket.destroy();
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
