import { isIP } from 'node:net';
import { clientNetwork, type Networks, plainAddress } from '../../net/address.ts';

/**
 * Whom limits and records are about: the peer, or, where that is a trusted proxy, the last address in
 * X-Forwarded-For that no trusted proxy has; what stands before it anyone may have written.
 */
export function clientAddress(
  peer: string,
  forwarded: string | string[] | undefined,
  trusted: Networks,
): string {
  let address = plainAddress(peer);
  if (forwarded === undefined || !trusted.includes(address)) return address;
  const hops = [forwarded].flat().join(',').split(',');
  for (let index = hops.length - 1; index >= 0 && trusted.includes(address); index--) {
    const hop = plainAddress((hops[index] ?? '').trim());
    if (isIP(hop) === 0) break;
    address = hop;
  }
  return address;
}

export { clientNetwork };
